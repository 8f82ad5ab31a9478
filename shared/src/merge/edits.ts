/** Replace `del` UTF-16 units at `at` by `ins`. In a list: ascending, not overlapping, all in the old text's coordinates. */
export type TextEdit = { at: number; del: number; ins: string }

/** The text after the edits. */
export function applyToString(text: string, edits: readonly TextEdit[]): string {
  let out = ''
  let from = 0
  for (const { at, del, ins } of edits) {
    out += text.slice(from, at) + ins
    from = at + del
  }
  return out + text.slice(from)
}

import { type ExecutionError, type TaskPayload, visibleText } from '@tandem/shared'

/** Longer results are shown as they came. */
const maxPretty = 200_000
/** So much of a long line is shown, around where it failed. */
const maxLine = 120

/** JSON as a person reads it; what is none stays as it is. */
export function pretty(text: string): string {
  if (text.length > maxPretty) return text
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2)
  } catch {
    return text
  }
}

/** The line at which code failed, with the one before it, its number, and a mark below the column. */
export function excerpt(payload: TaskPayload, { module = 'main', line, column }: ExecutionError): string | undefined {
  if (payload.kind !== 'code' || line === undefined) return undefined
  const source = module === 'main' ? payload.code : payload.modules?.[module]
  const lines = source?.split(/\r?\n/)
  const failed = lines?.[line - 1]
  if (!lines || failed === undefined) return undefined
  const from = Math.max(0, (column ?? 1) - 1 - maxLine / 2)
  const shown = (text: string) => visibleText(text.slice(from, from + maxLine).replaceAll('\t', ' '))
  const width = String(line).length
  const row = (number: string, text: string) => `${number.padStart(width)} │ ${text}`.trimEnd()
  const before = line > 1 ? [row(String(line - 1), shown(lines[line - 2] ?? ''))] : []
  // What is made visible is longer than it was.
  const mark = column === undefined ? [] : [row('', `${' '.repeat(shown(failed.slice(0, column - 1)).length)}^`)]
  return [...before, row(String(line), shown(failed)), ...mark].join('\n')
}

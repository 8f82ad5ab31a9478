type FixPart = { text: string; isCommand: boolean }

/** As our own words name them: in backticks, as a line that begins with sudo or npm run, or as JSON for a settings file. */
const command = /`([^`]+)`|\b((?:sudo|npm run) .+?)(?=[.,;](?:\s|$)| says\b|$)|(\{".+\})/g

/** What to do about something, cut into words and what of it can be copied: commands, and settings. */
export function fixParts(fix: string): readonly FixPart[] {
  const parts: FixPart[] = []
  let at = 0
  const add = (text: string, isCommand: boolean) => void (text !== '' && parts.push({ text, isCommand }))
  for (const found of fix.matchAll(command)) {
    add(fix.slice(at, found.index), false)
    add(found[1] ?? found[2] ?? found[3] ?? '', true)
    at = found.index + found[0].length
  }
  add(fix.slice(at), false)
  return parts
}

/** What a file held: its text, or why there is none to show. */
export type VersionText = { text: string; reason?: undefined } | { text?: undefined; reason: string }

/** Bytes as the text an editor shows: without a byte order mark, its lines ending in line feeds. */
export function readText(bytes: ArrayBuffer): VersionText {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    if (!text.includes('\0')) return { text: text.replaceAll(/\r\n?/g, '\n') }
  } catch {
    // Not UTF-8: said below.
  }
  return { reason: 'it is not a text' }
}

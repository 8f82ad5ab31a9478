/** What a browser shows as a picture and nothing else. No SVG: that is a document, which may load and run things. */
const typeByEnding: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
  bmp: 'image/bmp',
  ico: 'image/x-icon',
}

/** The media type of a picture that can be shown, by the ending of its name. */
export function pictureType(path: string): string | undefined {
  const ending = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? ''
  return Object.hasOwn(typeByEnding, ending) ? typeByEnding[ending] : undefined
}

const units = ['KB', 'MB', 'GB', 'TB']

/** A number of bytes in words, such as `1.5 MB` (1,024 bytes are a KB). */
export function sizeWords(bytes: number): string {
  if (bytes < 1_024) return bytes === 1 ? '1 byte' : `${bytes} bytes`
  let [size, unit] = [bytes / 1_024, 0]
  // What would be shown as 1024.0 of one is 1.0 of the next.
  for (; size >= 1_023.95 && unit < units.length - 1; unit++) size /= 1_024
  return `${size.toFixed(1)} ${units[unit]}`
}

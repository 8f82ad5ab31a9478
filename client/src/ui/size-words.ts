const units = ['KB', 'MB', 'GB', 'TB']

/** A number of bytes in words, such as `1.5 MB` (1,024 bytes are a KB). */
export function sizeWords(bytes: number): string {
  if (bytes < 1_024) return bytes === 1 ? '1 byte' : `${bytes} bytes`
  let [size, unit] = [bytes / 1_024, 0]
  // What would be shown as 1024.0 of one is 1.0 of the next.
  for (; size >= 1_023.95 && unit < units.length - 1; unit++) size /= 1_024
  return `${size.toFixed(1)} ${units[unit]}`
}

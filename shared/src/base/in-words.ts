const units = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1_000, 'second'],
] as const

/** A span of time as one says it, in its largest unit: "1 second", "3 minutes", "2 hours", rounded up. */
export function inWords(ms: number): string {
  const [size, name] = units.find(([size]) => ms >= size) ?? units[3]
  const count = Math.max(1, Math.ceil(ms / size))
  return `${count} ${name}${count === 1 ? '' : 's'}`
}

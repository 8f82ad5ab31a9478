const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const second = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const date = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const day = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' })
const dayOfYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric' })

const startOfDay = (at: number) => new Date(at).setHours(0, 0, 0, 0)

/** "Today", "Yesterday", "Wednesday 18 November"; with its year where that is another one. */
export function dayName(at: number, now: number): string {
  // Rounded: a day with a clock change is an hour longer or shorter.
  const ago = Math.round((startOfDay(now) - startOfDay(at)) / 86_400_000)
  if (ago <= 0) return 'Today'
  if (ago === 1) return 'Yesterday'
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? day.format(at) : dayOfYear.format(at)
}

/** "today at 14:03", "Wednesday 18 November at 14:03". */
export function exactTime(at: number, now: number): string {
  const name = dayName(at, now)
  return `${name === 'Today' || name === 'Yesterday' ? name.toLowerCase() : name} at ${clock.format(at)}`
}

/** Of what is to come, up to a year: "today at 14:03", "Wednesday 18 November at 14:03". */
export const laterTime = (at: number, now: number): string =>
  startOfDay(at) > startOfDay(now) ? `${day.format(at)} at ${clock.format(at)}` : exactTime(at, now)

/** "14:03:22"; with the date where that was not today: "18 Nov 14:03:22". */
export function shortTime(at: number, now: number): string {
  return [dayOf(at, now), second.format(at)].filter(Boolean).join(' ')
}

/** "18 Nov" where that was not today. */
export const dayOf = (at: number, now: number): string | undefined =>
  startOfDay(at) === startOfDay(now) ? undefined : date.format(at)

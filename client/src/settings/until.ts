const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric' })
const hour = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', hour: '2-digit', minute: '2-digit' })

/** When something ends: the day, and within two days the hour too. */
export const until = (at: number, now: number): string => (at - now < 2 * 86_400_000 ? hour : day).format(at)

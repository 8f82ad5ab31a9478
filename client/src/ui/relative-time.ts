import { useEffect, useState } from 'react'

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const
const format = new Intl.RelativeTimeFormat('en', { numeric: 'always' })

/** "3 minutes ago"; within five seconds, "just now". */
export function relativeTime(at: number, now: number): string {
  const ago = Math.max(0, now - at)
  if (ago < 5_000) return 'just now'
  const [unit, ms] = units.find(([, ms]) => ago >= ms) ?? units[3]
  return format.format(-Math.floor(ago / ms), unit)
}

/** "0.8 s", "12 s", "3 min 20 s", "1 h 5 min", "2 h". */
export function duration(ms: number): string {
  const s = Math.max(0, ms) / 1000
  if (s < 10) return `${s.toFixed(1)} s`
  if (s < 60) return `${Math.floor(s)} s`
  const [large, small] = s < 3600 ? [60, 1] : [3600, 60]
  const rest = Math.floor((s % large) / small)
  const [unit, part] = s < 3600 ? ['min', 's'] : ['h', 'min']
  return `${Math.floor(s / large)} ${unit}${rest === 0 ? '' : ` ${rest} ${part}`}`
}

/** A limit, whole and in words: "1 hour", "1 minute 30 seconds", "2.5 seconds". */
export function limitWords(ms: number): string {
  const parts: string[] = []
  let left = ms
  for (const [unit, size] of units) {
    const count = unit === 'second' ? left / size : Math.floor(left / size)
    left -= count * size
    if (count > 0) parts.push(`${Number(count.toFixed(1))} ${unit}${count === 1 ? '' : 's'}`)
  }
  return parts.join(' ') || 'no time'
}

/** Renders again every `ms`, for words that depend on the time. */
export function useTick(ms: number, active = true): void {
  const [, setTick] = useState(0)
  useEffect(() => {
    if (!active) return
    const timer = setInterval(() => setTick((n) => n + 1), ms)
    return () => clearInterval(timer)
  }, [ms, active])
}

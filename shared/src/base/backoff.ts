type BackoffOptions = { baseMs?: number; factor?: number; maxMs?: number; fastAttempts?: number; slowMs?: number }

/**
 * How long to wait before attempt `n` (0-based): at once, then exponential with full jitter, and after `fastAttempts`
 * once every `slowMs` for ever [S15] [S16]. `random` is in [0, 1).
 */
export function backoffMs(
  n: number,
  { baseMs = 1000, factor = 2, maxMs = 30_000, fastAttempts = 10, slowMs = 60_000 }: BackoffOptions = {},
  random: () => number = Math.random,
): number {
  if (n <= 0) return 0
  if (n > fastAttempts) return slowMs
  const ceiling = Math.min(maxMs, baseMs * factor ** (n - 1))
  return Math.round(ceiling * (0.5 + random() / 2))
}

/**
 * Resolves with the first value that is neither undefined nor false; looks again and again, for what has no event to
 * wait for (disks, processes, other programs). Throws after `timeoutMs`, saying what it waited for.
 */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 30_000,
): Promise<T> {
  const over = performance.now() + timeoutMs
  for (;;) {
    const value = await look()
    if (value !== undefined && value !== false) return value
    if (performance.now() > over) throw new Error(`waited ${timeoutMs / 1000} s in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

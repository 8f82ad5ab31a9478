/** Something the reader can mend; its message is one clear sentence or two, and no stack is shown. */
export class BootstrapError extends Error {}

/** One calm line, on stderr. */
export function say(text) {
  process.stderr.write(`${text}\n`)
}

/**
 * Announces a step, runs it, and says how long it took. On a terminal the seconds count up in place;
 * elsewhere (CI) there are two plain lines. `progress`, if given, is a short text read every half second.
 */
export async function step(title, work, progress) {
  const startedAt = Date.now()
  const seconds = () => `${((Date.now() - startedAt) / 1000).toFixed(1)} s`
  const onTerminal = process.stderr.isTTY
  if (!onTerminal) say(`${title} ...`)
  const draw = () =>
    process.stderr.write(`\r\x1b[K${title} ... ${[progress?.(), seconds()].filter(Boolean).join(', ')}`)
  if (onTerminal) draw()
  const timer = onTerminal ? setInterval(draw, 500) : undefined
  try {
    const result = await work()
    say(`${onTerminal ? '\r\x1b[K' : ''}${title}: done in ${seconds()}`)
    return result
  } catch (error) {
    if (onTerminal) process.stderr.write('\n')
    throw error
  } finally {
    clearInterval(timer)
  }
}

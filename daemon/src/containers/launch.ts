import { Duplex, PassThrough, type Readable, type Writable } from 'node:stream'
import { exitOf } from '../sandbox/exit.ts'
import type { Command } from '../sandbox/command.ts'
import type { Launched } from '../sandbox/supervise.ts'
import type { Container } from './container.ts'
import { hearRelay, relayProgram, toRelay } from './relay.ts'

type LaunchOptions = {
  argv: readonly string[]
  cwd: string
  environment: Readonly<Record<string, string>>
  channel: Command['channel']
}

/** Starts a command in a container, to be supervised like any other. It is the only one there: to kill it is to remove that. */
export function launchIn(container: Container, { argv, cwd, environment, channel }: LaunchOptions): Launched {
  const child = container.start(['node', '--no-warnings', '--eval', relayProgram, '--', ...argv], {
    cwd,
    env: environment,
  })
  const [input, output, errors] = [child.stdin as Writable, child.stdout as Readable, child.stderr as Readable]
  input.on('error', () => {}) // it has ended
  if (channel) channel(channelOf(input, output))
  else output.resume()
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() }
  let killed: Promise<void> | undefined
  const kill = () => {
    killed ??= container.remove().finally(() => child.kill('SIGKILL'))
  }
  const ended = exitOf(child)
  const hearing = hearRelay(
    errors,
    (name, bytes) => new Promise((done) => void streams[name].write(bytes, () => done())),
  )
  const exit = (async () => {
    const { started, code, other } = await hearing
    // What it says beyond its end is none of its words.
    errors.resume()
    await ended
    await killed
    streams.stderr.write(other)
    for (const stream of Object.values(streams)) stream.end()
    return { code: code ?? null, signal: code === undefined ? ('SIGKILL' as const) : null, started }
  })()
  const terminate = () => void input.write(toRelay('end'))
  return { pid: container.pid, ...streams, top: () => undefined, terminate, kill, exit }
}

/** Both ways: words go by pieces, what comes is the channel's alone. Where nobody hears it any more, it comes to nothing. */
function channelOf(input: Writable, output: Readable): Duplex {
  const channel = new Duplex({
    read: () => void output.resume(),
    write: (bytes: Buffer, _, done) => void input.write(toRelay({ channel: bytes }), () => done()),
    destroy: (error, done) => {
      output.resume()
      done(error)
    },
  })
  output.on('data', (bytes: Buffer) => {
    if (!channel.destroyed && !channel.push(bytes)) output.pause()
  })
  output.once('end', () => void (channel.destroyed || channel.push(null)))
  return channel
}

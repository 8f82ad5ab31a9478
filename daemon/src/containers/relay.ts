import type { Readable, Writable } from 'node:stream'
import { z } from 'zod'

/**
 * In a container there are three streams and no further descriptor, so a program of ours goes between: its output is the
 * channel of what it starts, and what that writes comes over its errors, piece by piece. What it is told comes in pieces
 * too: words for the channel, and to ask what it started to end. It ends all of it where nobody is there to tell.
 */
function relay(): void {
  const { spawn } = process.getBuiltinModule('node:child_process')
  const { Socket } = process.getBuiltinModule('node:net')
  const { constants } = process.getBuiltinModule('node:os')
  const [file = '', ...args] = process.argv.slice(1)
  const env = { ...process.getBuiltinModule('node:process').env, TANDEM_CHANNEL: '3' }
  const out = new Socket({ fd: 2, readable: false, writable: true })
  let saying = 0
  const say = async (kind: number, bytes: Buffer) => {
    const head = Buffer.alloc(5)
    head.writeUInt8(kind, 0)
    head.writeUInt32LE(bytes.length, 1)
    saying++
    await new Promise<void>((done) => void out.write(Buffer.concat([head, bytes]), () => done()))
    saying--
  }
  // From now on it is there, whatever becomes of it.
  void say(1, Buffer.alloc(0))
  const child = spawn(file, args, { detached: true, env, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] })
  const [stdout, stderr] = [child.stdout as Readable, child.stderr as Readable]
  const channel = child.stdio[3] as Readable & Writable
  const hand = async (kind: number, stream: Readable) => {
    try {
      for await (const bytes of stream as AsyncIterable<Buffer>) await say(kind, bytes)
    } catch {
      // It was closed from our side: a process that was left behind holds it open.
    }
  }
  // A shell among them may keep to itself what it was told, so that all of the group hear it.
  const signal = (...names: NodeJS.Signals[]) => {
    for (const name of names) {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, name)
      } catch {
        // It has ended.
      }
    }
  }
  let rest = Buffer.alloc(0)
  process.stdin.on('data', (bytes) => {
    rest = Buffer.concat([rest, bytes])
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32LE(1)) {
      const size = rest.readUInt32LE(1)
      if (rest.readUInt8(0) === 1) channel.write(rest.subarray(5, 5 + size))
      else signal('SIGTERM', 'SIGCONT')
      rest = rest.subarray(5 + size)
    }
  })
  process.stdin.on('end', () => signal('SIGKILL'))
  channel.on('error', () => {})
  channel.on('data', (bytes) => {
    if (process.stdout.write(bytes)) return
    channel.pause()
    process.stdout.once('drain', () => channel.resume())
  })
  const all = Promise.all([hand(1, stdout), hand(2, stderr)])
  const end = async (code: number) => {
    signal('SIGKILL')
    const closing = setInterval(() => {
      if (saying === 0 && stdout.readableLength + stderr.readableLength === 0) [stdout, stderr].map((s) => s.destroy())
    }, 250)
    await all
    clearInterval(closing)
    await say(0, Buffer.from(JSON.stringify({ code })))
    process.stdout.write('', () => process.exit())
  }
  child.once('error', (e) => void say(2, Buffer.from(`${e.message}\n`)).then(() => end(127)))
  child.once('exit', (code, name) => void end(code ?? 128 + constants.signals[name ?? 'SIGKILL']))
}

/** The program, to be handed to a Node that has nothing of ours. */
export const relayProgram = `(${String(relay)})()`

/** What a relay is told: words for the channel, or to ask what it started to end. */
export function toRelay(what: { channel: Buffer } | 'end'): Buffer {
  const bytes = what === 'end' ? Buffer.alloc(0) : what.channel
  const head = Buffer.alloc(5)
  head.writeUInt8(what === 'end' ? 0 : 1, 0)
  head.writeUInt32LE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}

const End = z.object({ code: z.int().min(0).max(255) })
/** Pieces are what one read of a pipe gives. */
const maxPiece = 2 ** 20

/**
 * Hears what a relay says: what comes from inside is believed nothing but its text. Ends with the exit code it tells,
 * undefined where it does not come to that, and whether it was there at all; with what was none of its words: the
 * engine's own, mostly.
 */
export async function hearRelay(
  source: Readable,
  onPiece: (stream: 'stdout' | 'stderr', bytes: Buffer) => Promise<void>,
): Promise<{ started: boolean; code: number | undefined; other: string }> {
  let rest: Buffer = Buffer.alloc(0)
  let started = false
  for await (const bytes of source as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
    while (rest.length >= 5) {
      const [kind, size] = [rest.readUInt8(0), rest.readUInt32LE(1)]
      if (kind > 2 || size > maxPiece) return { started, code: undefined, other: await textOf(rest, source) }
      if (rest.length < 5 + size) break
      const piece = rest.subarray(5, 5 + size)
      rest = rest.subarray(5 + size)
      started = true
      if (kind === 0) return { started, code: codeIn(piece), other: '' }
      if (size > 0) await onPiece(kind === 1 ? 'stdout' : 'stderr', piece)
    }
  }
  return { started, code: undefined, other: started ? '' : rest.toString('utf8') }
}

function codeIn(piece: Buffer): number | undefined {
  try {
    return End.parse(JSON.parse(piece.toString('utf8'))).code
  } catch {
    return undefined // not our relay any more
  }
}

/** What is left of a stream, its beginning alone. */
async function textOf(first: Buffer, source: Readable): Promise<string> {
  let text = first.toString('utf8')
  for await (const bytes of source as AsyncIterable<Buffer>) if (text.length < 2_000) text += bytes.toString('utf8')
  return text.slice(0, 2_000)
}

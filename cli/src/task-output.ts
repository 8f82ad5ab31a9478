import { constants } from 'node:os'
import { keepColour, plainText } from '@tandem/shared'
import { stderr as isErr, stdout as isOut, type LogChunk } from '@tandem/shared/docs'
import type { TaskNow } from './task-stream.ts'

type Stream = NodeJS.WritableStream & { isTTY?: boolean }
export type Streams = { stdout: Stream; stderr: Stream }

/** Writes a task's output: what it wrote to stdout there, the rest to stderr. */
export type Printer = {
  /** Resolves when the stream takes more; at once where nobody reads it any more. */
  print(chunk: LogChunk): Promise<void>
}

/**
 * For a terminal without what could act on it; into a file or a pipe byte for byte. `onClosed` is told when whoever read
 * stdout reads no more.
 */
export function createPrinter({ stdout, stderr }: Streams, onClosed: () => void): Printer {
  const closed = new Set<Stream>()
  for (const stream of [stdout, stderr]) {
    stream.on('error', () => {
      closed.add(stream)
      if (stream === stdout) onClosed()
    })
  }
  return {
    print: async ({ s, d }) => {
      const stream = s === isOut ? stdout : stderr
      if (closed.has(stream)) return
      const text = () => new TextDecoder().decode(d)
      const shown = s !== isOut && s !== isErr ? `${plainText(text())}\n` : stream.isTTY ? keepColour(text()) : d
      if (stream.write(shown)) return
      await new Promise<void>((resolve) => {
        const done = () => {
          stream.off('drain', done).off('error', done).off('close', done)
          resolve()
        }
        stream.on('drain', done).on('error', done).on('close', done)
      })
    },
  }
}

/** As `timeout` has it. */
const timedOut = 124
/** As a shell has it for a command that Ctrl-C ended. */
export const interrupted = 130

const wantedNetwork = 'It looks as if it wanted the network, which the sandbox refuses'

/** How a task that has ended is told: with the code of its command where it has one, and in words where that is not all. */
export function endOf({ state, result, reason }: TaskNow): { code: number; words?: string } {
  const why = plainText(result?.error ?? reason ?? '')
  const say = (text: string) => (why === '' ? text : `${text}: ${why}`)
  const exitCode = result?.exitCode ?? undefined
  switch (state) {
    case 'completed':
      return { code: exitCode ?? 0 }
    case 'failed': {
      // The code says it; only what the command cannot know is added.
      if (exitCode !== undefined && exitCode !== 0)
        return { code: exitCode, ...(result?.wantedNetwork && { words: wantedNetwork }) }
      const number = result?.signal === undefined ? undefined : signalNumber(result.signal)
      return number === undefined
        ? { code: 1, words: say('It could not be run') }
        : { code: 128 + number, words: say(`It was ended by ${plainText(result?.signal ?? '')}`) }
    }
    case 'timed_out':
      return { code: timedOut, words: say('It ran out of time') }
    case 'cancelled':
      return { code: interrupted, words: say('It was cancelled') }
    case 'lost':
      return { code: 1, words: say('Nobody knows how it ended') }
    case 'scheduled':
    case 'blocked':
    case 'awaiting_approval':
    case 'queued':
    case 'leased':
    case 'running':
    case 'cancelling':
    case 'disconnected':
      return { code: 1, words: `It is ${state}` }
    default:
      return state satisfies never
  }
}

const signalNumber = (name: string): number | undefined =>
  Object.entries(constants.signals).find(([each]) => each === name)?.[1]

import { type AtTerminal, parseMessage, TerminalSize } from '@tandem/shared'
import { z } from 'zod'

/** So much goes in one message, in UTF-16 units. */
const maxPiece = 8_192
/** So many pieces may wait for their answer: the server takes each, but nobody knows how fast the program reads. */
const maxUnanswered = 4
/** A daemon keeps so much for a program that does not read: more at once would be lost there, in bytes. */
const maxAtOnce = 60_000

const Answer = z.discriminatedUnion('t', [
  z.object({ t: z.literal('heard'), n: z.int() }),
  z.object({ t: z.literal('error'), n: z.int(), message: z.string() }),
])

/** Numbers what this tab says at terminals: their answers come over one channel. */
let n = 0

type TypingOptions = {
  task: string
  attempt: number
  send: (message: AtTerminal) => void
  /** Why the last of what was typed did not arrive, in words. */
  onTrouble: (why: string) => void
}

/** Says what is typed at one terminal, in order and in pieces; and the size of the view, of which only the last counts. */
export function createTyping({ task, attempt, send, onTrouble }: TypingOptions) {
  let queue = ''
  const unanswered = new Set<number>()

  const pump = () => {
    while (queue !== '' && unanswered.size < maxUnanswered) {
      const data = queue.slice(0, cutOf(queue))
      queue = queue.slice(data.length)
      unanswered.add(++n)
      send({ t: 'type', n, task, attempt, data })
    }
  }
  return {
    type: (data: string) => {
      if (new TextEncoder().encode(queue + data).length > maxAtOnce) return onTrouble('that is too much at once')
      queue += data
      pump()
    },
    resize: (size: TerminalSize) => {
      unanswered.add(++n)
      send({ t: 'resize', n, task, attempt, size: TerminalSize.parse(size) })
    },
    /** What the server says over the channel. */
    hear: (payload: string) => {
      const parsed = parseMessage(Answer, payload)
      if (!('message' in parsed) || !unanswered.delete(parsed.message.n)) return
      if (parsed.message.t === 'error') {
        queue = ''
        onTrouble(parsed.message.message)
      }
      pump()
    },
    /** The connection is gone: what was not answered may be lost, and is not said again. */
    drop: () => {
      const isLost = queue !== '' || unanswered.size > 0
      queue = ''
      unanswered.clear()
      if (isLost) onTrouble('the connection was lost')
    },
  }
}

/** Not in the middle of a character. */
function cutOf(text: string): number {
  if (text.length <= maxPiece) return text.length
  const before = text.charCodeAt(maxPiece - 1)
  return before >= 0xd800 && before < 0xdc00 ? maxPiece - 1 : maxPiece
}

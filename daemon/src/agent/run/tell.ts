import type { Clock, DraftPart } from '@tandem/shared'
import type { Run } from '@tandem/shared/docs'
import type { z } from 'zod'
import type { Told } from '../loop/ports.ts'
import type { FieldPath } from '../step/string-fields.ts'
import type { Word } from './run-end.ts'

/** Twenty times a second at most [S234]. */
const everyMs = 50
/** More of one part is not shown while it comes. */
const maxShown = 500_000
/** What a call is about, or what it takes away: not what it writes. */
const unshown: ReadonlySet<string | number | undefined> = new Set(['path', 'oldText'])

type Part = z.infer<typeof DraftPart>

/**
 * Tells in a run's document what goes on, for whoever looks: how it stands, and what is being said. Nothing of it is needed
 * to go on, and none of it is waited for. `mayWrite`: the run is still ours.
 */
export function createTelling({
  run,
  attempt,
  mayWrite,
  clock,
}: {
  run: Run
  attempt: number
  mayWrite: () => boolean
  clock: Clock
}) {
  const startedAt = run.snapshot().status?.startedAt ?? clock.now()
  /** The part that is being said, what of it nobody was shown yet, and how much was. */
  let part: Part | undefined
  let waiting = ''
  let isNew = false
  let shown = 0
  let cancelTimer: (() => void) | undefined

  const flush = () => {
    cancelTimer = undefined
    if (!part || !mayWrite()) return
    const [said, text, begins] = [part, waiting.slice(0, maxShown - shown), isNew]
    waiting = ''
    isNew = false
    shown += text.length
    run.transact(() => {
      if (begins) run.draft.begin(said)
      if (text !== '') run.draft.add(text)
    })
  }
  const add = (piece: string) => {
    waiting += piece
    cancelTimer ??= clock.after(everyMs, flush)
  }
  const say = (next: Part, piece: string) => {
    if (!part || !isSame(part, next)) {
      part = next
      waiting = ''
      isNew = true
      shown = 0
    }
    add(piece)
  }
  /** What of a call's arguments came last, and the path among them. */
  let field = ''
  const forget = () => {
    cancelTimer?.()
    cancelTimer = undefined
    part = undefined
    waiting = ''
    field = ''
  }
  const endDraft = () => {
    forget()
    if (run.draft.snapshot().part && mayWrite()) run.draft.end()
  }
  const stand = (word: Word) => {
    if (mayWrite()) run.set('status', { state: 'running', activity: 'idle', ...word, attempt, startedAt })
  }

  const told: Told = {
    // What was shown of an answer that broke off is void.
    begin: endDraft,
    text: (piece) => say({ kind: 'text' }, piece),
    reasoning: (piece) => say({ kind: 'reasoning' }, piece),
    call: ({ id, tool }) => {
      field = ''
      say({ kind: 'input', call: id, tool: tool.slice(0, 100) }, '')
    },
    field: (call, path, piece) => {
      if (part?.kind !== 'input' || part.call !== call) return
      if (isPath(path)) {
        part = { ...part, path: ((part.path ?? '') + piece).slice(0, 4_096) }
        isNew ||= shown === 0
      }
      if (unshown.has(path.at(-1))) return
      const key = path.join('.')
      add(field === '' || field === key ? piece : `\n${piece}`)
      field = key
    },
    activity: (now) => stand({ activity: now === 'waiting' ? 'idle' : now }),
    retryAt: (wait) =>
      stand(
        wait
          ? { code: 'retry', until: wait.until, reason: `${wait.reason} (try ${wait.attempt})`.slice(0, 2_000) }
          : { activity: 'thinking' },
      ),
  }
  return { told, endDraft, stand }
}

const isPath = (path: FieldPath) => path.length === 1 && path[0] === 'path'
const isSame = (a: Part, b: Part) => a.kind === b.kind && a.call === b.call

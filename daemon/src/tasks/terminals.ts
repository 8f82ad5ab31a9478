import type { Id, Log, TerminalSize, ToDaemon } from '@tandem/shared'
import type { TaskTerminal } from '@tandem/shared/docs'
import type { TerminalControl } from '../sandbox/terminal.ts'

type Said = Extract<ToDaemon, { t: 'typed' | 'resized' }>

/** The terminals of the attempts that run here. */
export type Terminals = {
  /** An attempt begins, which may have a terminal soon: what is said to it until then is kept. `end` once it is over. */
  begin(task: Id, attempt: number): { open: Opened; end(): void }
  /** What somebody types, or how large their view is. */
  hear(message: Said): void
}

/** It is at a terminal from now on; who drives is to be told there. */
type Opened = (control: TerminalControl, told: Pick<TaskTerminal, 'set'>) => void

/** Of more views of one terminal than this the one heard of the longest ago is forgotten. */
const maxViews = 100
/** So many things that were said before there was a terminal are kept. */
const maxEarly = 100

/**
 * Hands on what people type. Whoever typed last drives: the terminal has the size of their view, and follows it. Until
 * somebody has typed, whoever said a size first does, so that a shell is not begun in a corner of their view. Who may
 * type at all the server has checked.
 */
export function createTerminals(log: Log): Terminals {
  const hearingByAttempt = new Map<string, (message: Said) => void>()
  return {
    begin: (task, attempt) => {
      const key = `${task}.${attempt}`
      const early: Said[] = []
      hearingByAttempt.set(key, (message) => void (early.length < maxEarly && early.push(message)))
      return {
        open: (control, told) => {
          const hear = drive(control, told, log)
          hearingByAttempt.set(key, hear)
          early.splice(0).forEach(hear)
        },
        end: () => hearingByAttempt.delete(key),
      }
    },
    // It has ended meanwhile, or not begun: there is nobody to hear it.
    hear: (message) => hearingByAttempt.get(`${message.task}.${message.attempt}`)?.(message),
  }
}

/** What is done with each thing said to one terminal. */
function drive(control: TerminalControl, told: Pick<TaskTerminal, 'set'>, log: Log): (message: Said) => void {
  const sizes = new Map<Id, TerminalSize>()
  let driver: Id | undefined
  let size: TerminalSize | undefined

  /** Gives it the size of the view of who drives, where that is known, and tells of both. */
  const follow = ({ by, session }: Said) => {
    const wanted = sizes.get(session)
    size = wanted ?? size
    // Told first: those who look on have the size before what is written for it.
    told.set({ by, session, ...(size && { size }) })
    if (wanted) control.resize(wanted)
  }
  return (message) => {
    const { session } = message
    if (message.t === 'resized') {
      sizes.delete(session)
      sizes.set(session, message.size)
      const oldest = [...sizes.keys()].find((each) => each !== driver)
      if (sizes.size > maxViews && oldest !== undefined) sizes.delete(oldest)
      driver ??= session
      if (driver === session) follow(message)
      return
    }
    if (driver !== session) {
      driver = session
      follow(message)
    }
    if (!control.type(new TextEncoder().encode(message.data)))
      log.warn('typed, but not read for so long that it is not kept', { task: message.task, session })
  }
}

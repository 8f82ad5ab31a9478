import type { Id, Log, TerminalSize, ToDaemon } from '@tandem/shared'
import type { TaskTerminal } from '@tandem/shared/docs'
import type { TerminalControl } from '../sandbox/terminal.ts'

type Said = Extract<ToDaemon, { t: 'typed' | 'resized' }>

/** The terminals of the attempts that run here. */
export type Terminals = {
  /** That attempt's terminal is there, and who drives is to be told; what is returned is called when it is no more. */
  open(task: Id, attempt: number, control: TerminalControl, told: Pick<TaskTerminal, 'set'>): () => void
  /** What somebody types, or how large their view is. */
  hear(message: Said): void
}

/** More views of one terminal than this are not remembered. */
const maxViews = 100

/**
 * Hands on what people type. Whoever typed last drives: the terminal has the size of their view, and follows it. Until
 * somebody has typed, whoever said a size first does, so that a shell is not begun in a corner of their view. Who may
 * type at all the server has checked.
 */
export function createTerminals(log: Log): Terminals {
  type Open = {
    control: TerminalControl
    told: Pick<TaskTerminal, 'set'>
    driver: Id | undefined
    size: TerminalSize | undefined
    sizes: Map<Id, TerminalSize>
  }
  const openByAttempt = new Map<string, Open>()

  /** Gives it the size of the view of who drives, where that is known, and tells of both. */
  const follow = (open: Open, { by, session }: Said) => {
    const wanted = open.sizes.get(session)
    open.size = wanted ?? open.size
    // Told first: those who look on have the size before what is written for it.
    open.told.set({ by, session, ...(open.size && { size: open.size }) })
    if (wanted) open.control.resize(wanted)
  }
  return {
    open: (task, attempt, control, told) => {
      const key = `${task}.${attempt}`
      openByAttempt.set(key, { control, told, driver: undefined, size: undefined, sizes: new Map() })
      return () => openByAttempt.delete(key)
    },
    hear: (message) => {
      const open = openByAttempt.get(`${message.task}.${message.attempt}`)
      // It has ended meanwhile, or not begun: there is nobody to hear it.
      if (!open) return
      const { control, sizes } = open
      const { session } = message
      if (message.t === 'resized') {
        if (sizes.size >= maxViews && !sizes.has(session)) return
        sizes.set(session, message.size)
        open.driver ??= session
        if (open.driver === session) follow(open, message)
        return
      }
      if (open.driver !== session) {
        open.driver = session
        follow(open, message)
      }
      if (!control.type(new TextEncoder().encode(message.data)))
        log.warn('typed, but not read for so long that it is not kept', { task: message.task, session })
    },
  }
}

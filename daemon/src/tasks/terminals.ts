import type { Id, Log, TerminalSize, ToDaemon } from '@tandem/shared'
import type { TerminalControl } from '../sandbox/terminal.ts'

type Said = Extract<ToDaemon, { t: 'typed' | 'resized' }>

/** The terminals of the attempts that run here. */
export type Terminals = {
  /** That attempt's terminal is there; what is returned is to be called when it is no more. */
  open(task: Id, attempt: number, control: TerminalControl): () => void
  /** What somebody types, or how large their view is. */
  hear(message: Said): void
}

/** More views of one terminal than this are not remembered. */
const maxViews = 100

/**
 * Hands on what people type. Whoever typed last drives: the terminal has the size of their view, and follows it. Who may
 * type at all the server has checked.
 */
export function createTerminals(log: Log): Terminals {
  type Open = { control: TerminalControl; driver: Id | undefined; sizes: Map<Id, TerminalSize> }
  const openByAttempt = new Map<string, Open>()
  return {
    open: (task, attempt, control) => {
      const key = `${task}.${attempt}`
      openByAttempt.set(key, { control, driver: undefined, sizes: new Map() })
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
        if (open.driver === session) control.resize(message.size)
        return
      }
      if (open.driver !== session) {
        open.driver = session
        const size = sizes.get(session)
        if (size) control.resize(size)
      }
      if (!control.type(new TextEncoder().encode(message.data)))
        log.warn('typed, but not read for so long that it is not kept', { task: message.task, session })
    },
  }
}

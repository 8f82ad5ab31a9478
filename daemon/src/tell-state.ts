import type { Clock, Id } from '@tandem/shared'
import type { Answer, Daemon, MirrorState, View } from '@tandem/shared/docs'
import type { Mirror } from './mirror/mirror.ts'

/** Each word of it is written down for ever: this often is often enough for a bar that moves. */
const everyMs = 250

type TellOptions = {
  daemon: Pick<Daemon, 'set'>
  mirror: Pick<Mirror, 'state'>
  isReady: () => boolean
  onProgress: ((state: MirrorState) => void) | undefined
  clock: Clock
}

/**
 * Says in the daemon's document how the folder and its documents stand; never a hot field. The function returned tells
 * what has not been told yet, and ends it.
 */
export function tellState({ daemon, mirror, isReady, onProgress, clock }: TellOptions): () => void {
  let told = ''
  let cancel: (() => void) | undefined
  const tell = () => {
    const state = mirror.state.snapshot()
    onProgress?.(state)
    // Offline it says so to nobody: that it is, the server says.
    const isSettled = state.phase === 'live' || state.phase === 'halted'
    daemon.set('workspaceStatus', isReady() && isSettled ? 'connected' : 'syncing')
    // The count alone changes with every file made: it waits for the next thing worth saying.
    const key = JSON.stringify({ ...state, files: state.phase === 'live' ? 0 : state.files })
    if (key === told) return
    told = key
    daemon.set('mirror', state)
  }
  const rest = () => {
    cancel = clock.after(everyMs, () => {
      cancel = undefined
      if (!isDue) return
      isDue = false
      tell()
      rest()
    })
  }
  let isDue = false
  tell()
  rest()
  const stop = mirror.state.subscribe(() => {
    isDue = true
    // At once where it was quiet for a while.
    if (cancel) return
    rest()
    queueMicrotask(() => {
      if (!isDue) return
      isDue = false
      tell()
    })
  })
  return () => {
    stop()
    cancel?.()
    tell()
  }
}

type HearOptions = {
  daemonId: Id
  answers: View<ReadonlyMap<string, Answer>>
  mirror: Pick<Mirror, 'state' | 'answer'>
}

/**
 * Hands the mirror what people answered to it, also what they answered while it was not there. What it does not ask, or
 * was answered to another daemon, is left alone.
 */
export function hearAnswers({ daemonId, answers, mirror }: HearOptions): () => void {
  const hear = () => {
    const { question, conflicts } = mirror.state.snapshot()
    for (const { id } of [...(question ? [question] : []), ...conflicts]) {
      const given = answers.snapshot().get(id)
      if (given?.daemon === daemonId) mirror.answer(id, given.answer)
    }
  }
  // Observers wake, and never act.
  const stops = [answers, mirror.state].map((view) => view.subscribe(() => queueMicrotask(hear)))
  hear()
  return () => stops.forEach((stop) => stop())
}

import { isHeld, TandemError, type Id, type Task } from '@tandem/shared'
import type { Job } from '../../tasks/execute.ts'
import type { AgentPorts } from './ports.ts'

/** What is being saved when the end is asked for may still be saved, for so long. */
const graceMs = 2_000

/** The server's record of a run's task; throws `not-found` where there is none. */
export function taskOf({ tasks }: AgentPorts, id: Id): Task {
  const task = tasks.get(id)
  if (task) return task
  throw new TandemError('not-found', { reason: 'the server has no record of this run', run: id })
}

/** Throws once the record says that the run is another attempt's, or nobody's. */
export function requireHeldBy(ports: AgentPorts, id: Id, attempt: number): void {
  const task = taskOf(ports, id)
  if (task.attempt !== attempt || !isHeld(task.state) || task.lease?.daemonId !== ports.daemonId)
    throw new TandemError('conflict', { reason: 'another attempt goes on with this run', run: id })
}

/** Whether a call throws. */
export function isThrown(call: () => void): boolean {
  try {
    call()
    return false
  } catch {
    return true
  }
}

/** Aborts when nothing may be saved any more: some time after the end was asked for, and at once where it is another's. */
export function createSaveSignal(
  { clock }: Pick<AgentPorts, 'clock'>,
  { signal, killSignal }: Pick<Job, 'signal' | 'killSignal'>,
) {
  const late = new AbortController()
  let cancel = () => {}
  const begin = () => (cancel = clock.after(graceMs, () => late.abort(new Error('it took too long to be saved'))))
  if (signal.aborted) begin()
  else signal.addEventListener('abort', begin, { once: true })
  return {
    signal: AbortSignal.any([late.signal, killSignal]),
    end: () => {
      signal.removeEventListener('abort', begin)
      cancel()
    },
  }
}

import { isFor, type Pass, type Task } from '@tandem/shared'
import type { DaemonPresence } from '@tandem/shared/docs'
import type { TaskEvent } from './transitions.ts'

/**
 * What comes of a daemon's refusal: it is passed over as long as another that is online could run the task and has not
 * refused it; else the task ends, with what each of them said. One that comes later would have to be asked for anew.
 */
export function onRefusal(task: Task, by: Pass, daemons: Iterable<DaemonPresence>): TaskEvent {
  const passes = [...(task.passedBy ?? []).filter(({ daemonId }) => daemonId !== by.daemonId), by]
  const isOpen = ({ id, connection, capabilities = task.requires }: DaemonPresence) =>
    connection === 'online' && isFor(task, { id, capabilities }) && !passes.some(({ daemonId }) => daemonId === id)
  if ([...daemons].some(isOpen)) return { t: 'pass', by }
  const [first, ...others] = passes
  const code = others.every((each) => each.code === first?.code) ? by.code : 'refused'
  const error = others.length === 0 ? by.reason : passes.map(({ name, reason }) => `${name}: ${reason}`).join('; ')
  return { t: 'refuse', result: { error: error.slice(0, 4_000), code } }
}

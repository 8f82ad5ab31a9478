import { atLeast, isTerminal, type Claims, type Id, type Task, visibleText } from '@tandem/shared'
import type { TerminalDrive } from '@tandem/shared/docs'

/** Who drives, in words for who reads them; undefined while nobody does. */
export function driverWords(
  drive: TerminalDrive | undefined,
  me: Pick<Claims, 'principal' | 'session'>,
  nameOf: (id: Id) => string | undefined,
): string | undefined {
  if (!drive) return undefined
  if (drive.session === me.session) return 'You drive'
  if (drive.by === me.principal) return 'You drive in another tab'
  return `${visibleText(nameOf(drive.by) ?? 'Somebody else')} drives`
}

type Circumstances = {
  task: Pick<Task, 'state' | 'attempt'>
  attempt: number
  role: Claims['role']
  isOffline: boolean
}

/** Why nothing can be typed, in words; undefined where it can. */
export function whyNotTyped({ task, attempt, role, isOffline }: Circumstances): string | undefined {
  if (attempt !== task.attempt || isTerminal(task.state)) return 'It has ended: nothing more can be typed.'
  if (!atLeast(role, 'runner')) return `As ${role} you look on, and may not type.`
  if (isOffline) return 'Offline: what is typed now is not sent.'
  if (task.state === 'disconnected') return 'Its daemon is out of reach: nothing can be typed.'
  if (task.state !== 'running' && task.state !== 'cancelling') return 'It has not begun yet.'
  return undefined
}

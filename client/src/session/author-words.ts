import { type Author, commandLine, type Id, type Task, visibleText } from '@tandem/shared'

/** "You", "Mira", "laptop (folder)" for a machine’s disk: with nothing unseen in it. */
export function authorName({ id, kind, name }: Author, me: Id): string {
  if (kind === 'person' && id === me) return 'You'
  const visible = visibleText(name) || 'Somebody'
  return kind === 'disk' ? `${visible} (folder)` : visible
}

/** What stands behind a change beside its author: "by npm run fmt", "restored from version 12". */
export function causeWords({ cause }: Author, tasks: ReadonlyMap<string, Task>): string | undefined {
  if (cause?.restoredFrom !== undefined) return `restored from version ${cause.restoredFrom.toLocaleString('en')}`
  if (cause?.task === undefined) return undefined
  const task = tasks.get(cause.task)
  return task ? `by ${visibleText(commandLine(task.payload)).slice(0, 200)}` : 'by a task'
}

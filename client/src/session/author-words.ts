import { type Author, commandLine, type Id, type Task, visibleText } from '@tandem/shared'

/** "You", or their name with nothing unseen in it. */
export const authorName = (author: Author, me: Id): string =>
  author.kind === 'person' && author.id === me ? 'You' : visibleText(author.name) || 'Somebody'

/** What stands behind a change beside its author: "by npm run fmt", "restored from version 12". */
export function causeWords({ cause }: Author, tasks: ReadonlyMap<string, Task>): string | undefined {
  if (cause?.restoredFrom !== undefined) return `restored from version ${cause.restoredFrom.toLocaleString('en')}`
  if (cause?.task === undefined) return undefined
  const task = tasks.get(cause.task)
  return task ? `by ${visibleText(commandLine(task.payload)).slice(0, 200)}` : 'by a task'
}

import { Id } from '@tandem/shared'

/** A place in the tasks that an address can name: a task, one of its attempts, and the line that holds this byte of its output. */
export type TaskPlace = { task: Id; attempt?: number | undefined; at?: number | undefined }

/** The part of an address that names a place, from its `#` on. */
export function placeHash({ task, attempt, at }: TaskPlace): string {
  const parts = new URLSearchParams({ task })
  if (attempt !== undefined) parts.set('attempt', String(attempt))
  if (at !== undefined) parts.set('at', String(at))
  return `#${parts.toString()}`
}

/** The place that an address names; undefined where it names none. */
export function placeOf(hash: string): TaskPlace | undefined {
  const parts = new URLSearchParams(hash.slice(1))
  const task = Id.safeParse(parts.get('task')).data
  return task === undefined ? undefined : { task, attempt: number(parts.get('attempt')), at: number(parts.get('at')) }
}

const number = (text: string | null) => (text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined)

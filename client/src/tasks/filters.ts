import { isHeld, isTerminal } from '@tandem/shared'
import { isFailure, titleOf } from './describe.ts'
import type { TaskItem } from './items.ts'

export const stateGroups = ['running', 'waiting', 'failed', 'passed', 'stopped'] as const
export type StateGroup = (typeof stateGroups)[number]

/** What a list is narrowed to; what is undefined, or no text, is not asked for. */
export type Filter = {
  state: StateGroup | undefined
  kind: string | undefined
  daemon: string | undefined
  author: string | undefined
  text: string
}
export const noFilter: Filter = { state: undefined, kind: undefined, daemon: undefined, author: undefined, text: '' }

export const isFiltering = (filter: Filter): boolean =>
  filter.text.trim() !== '' || [filter.state, filter.kind, filter.daemon, filter.author].some((f) => f !== undefined)

/** In which of five groups a task is. */
export function stateGroupOf({ task, refused }: TaskItem): StateGroup {
  if (!task) return refused ? 'failed' : 'waiting'
  if (isHeld(task.state)) return 'running'
  if (!isTerminal(task.state)) return 'waiting'
  if (isFailure(task)) return 'failed'
  return task.state === 'completed' ? 'passed' : 'stopped'
}

/** The values of one item by which it can be asked for; an author who asked here and has no task yet is `me`. */
function valuesOf(item: TaskItem, me: string) {
  const { task, payload } = item
  return {
    state: stateGroupOf(item),
    kind: payload?.kind,
    daemon: task?.lease?.daemonId ?? task?.attempts.at(-1)?.daemonId ?? task?.target?.daemonId,
    author: task?.createdBy ?? me,
  }
}
type Values = ReturnType<typeof valuesOf>
export type Facet = keyof Values
const facets = ['state', 'kind', 'daemon', 'author'] as const satisfies readonly Facet[]

export type Filtered = {
  items: readonly TaskItem[]
  /** How many there would be with each value of a facet, the other facets as they are. */
  counts: Readonly<Record<Facet, ReadonlyMap<string, number>>>
  /** How many there would be with any state. */
  ofAnyState: number
}

/** Narrows a list, and counts what each other choice would give. */
export function filterItems(items: readonly TaskItem[], filter: Filter, me: string): Filtered {
  const words = filter.text.trim().toLowerCase()
  const counts = { state: new Map(), kind: new Map(), daemon: new Map(), author: new Map() } satisfies Record<
    Facet,
    Map<string, number>
  >
  let ofAnyState = 0
  const kept = items.filter((item) => {
    if (words !== '' && !hasWords(item, words)) return false
    const values = valuesOf(item, me)
    const unmet = facets.filter((facet) => filter[facet] !== undefined && filter[facet] !== values[facet])
    for (const facet of facets) {
      const value = values[facet]
      if (value === undefined || unmet.some((other) => other !== facet)) continue
      counts[facet].set(value, (counts[facet].get(value) ?? 0) + 1)
      if (facet === 'state') ofAnyState++
    }
    return unmet.length === 0
  })
  return { items: kept, counts, ofAnyState }
}

const hasWords = ({ id, task, payload }: TaskItem, words: string): boolean =>
  titleOf(payload).toLowerCase().includes(words) ||
  id === words ||
  (task !== undefined && `${task.title}\n${task.createdByName}`.toLowerCase().includes(words))

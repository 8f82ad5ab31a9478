import type { Id } from '@tandem/shared'

/** What is open in the editor. At most one tab is a look: the next look takes its place. */
export type Tabs = {
  readonly open: readonly { readonly id: Id; readonly keep: boolean }[]
  readonly current: Id | undefined
}

export const noTabs: Tabs = { open: [], current: undefined }

/** Brings a file to the front, in a tab of its own if `keep`, else in the one for looking. */
export function openTab(tabs: Tabs, id: Id, keep: boolean): Tabs {
  const held = tabs.open.find((tab) => tab.id === id)
  if (held)
    return {
      open: held.keep || !keep ? tabs.open : tabs.open.map((tab) => (tab === held ? { id, keep } : tab)),
      current: id,
    }
  const look = tabs.open.findIndex((tab) => !tab.keep)
  if (look >= 0) return { open: tabs.open.map((tab, i) => (i === look ? { id, keep } : tab)), current: id }
  const after = tabs.open.findIndex((tab) => tab.id === tabs.current)
  return { open: tabs.open.toSpliced(after + 1, 0, { id, keep }), current: id }
}

/** A look that was edited stays. */
export const keepTab = (tabs: Tabs, id: Id): Tabs =>
  tabs.open.some((tab) => tab.id === id && !tab.keep)
    ? { ...tabs, open: tabs.open.map((tab) => (tab.id === id ? { id, keep: true } : tab)) }
    : tabs

/** The neighbour on the right comes to the front, or on the left where there is none. */
export function closeTab(tabs: Tabs, id: Id): Tabs {
  const at = tabs.open.findIndex((tab) => tab.id === id)
  if (at < 0) return tabs
  const open = tabs.open.toSpliced(at, 1)
  return { open, current: tabs.current === id ? (open[at] ?? open[at - 1])?.id : tabs.current }
}

/** As `localStorage` gave it back; nothing where it is not ours. */
export function parseTabs(raw: unknown): Tabs | undefined {
  if (typeof raw !== 'object' || raw === null || !('open' in raw) || !Array.isArray(raw.open)) return undefined
  const open = raw.open.filter(
    (tab: unknown): tab is Tabs['open'][number] =>
      typeof tab === 'object' &&
      tab !== null &&
      'id' in tab &&
      typeof tab.id === 'string' &&
      'keep' in tab &&
      typeof tab.keep === 'boolean',
  )
  const current = 'current' in raw ? open.find((tab) => tab.id === raw.current)?.id : undefined
  return { open, current: current ?? open[0]?.id }
}

import type { Clock } from '@tandem/shared'
import type { MirrorAlert } from '@tandem/shared/docs'

export type Alerts = {
  /** Says it until it is cleared; the same kind at the same path is one. */
  raise(alert: Omit<MirrorAlert, 'at'>): void
  /** It has passed: at this path, or without a path everywhere. */
  clear(kind: MirrorAlert['kind'], path?: string): void
  list(): MirrorAlert[]
}

const shown = 50
/** Beyond this nobody reads them one by one, and they would only cost memory. */
const kept = 1_000

/** What a person should know of the folder. Repeats change nothing; a flood of them is a few, and a count in words. */
export function createAlerts(clock: Clock, changed: () => void): Alerts {
  const alerts = new Map<string, MirrorAlert>()
  const keyOf = (kind: MirrorAlert['kind'], path: string | undefined) => `${kind} ${path ?? ''}`
  return {
    raise: (alert) => {
      const key = keyOf(alert.kind, alert.path)
      const before = alerts.get(key)
      if (before ? before.says === alert.says && before.fix === alert.fix : alerts.size >= kept) return
      alerts.set(key, { ...alert, at: before?.at ?? clock.now() })
      changed()
    },
    clear: (kind, path) => {
      const gone = path === undefined ? [...alerts].filter(([, each]) => each.kind === kind) : []
      const keys = path === undefined ? gone.map(([key]) => key) : [keyOf(kind, path)]
      // Each of them, not only the first.
      if (keys.filter((key) => alerts.delete(key)).length > 0) changed()
    },
    list: () => {
      const all = [...alerts.values()]
      const first = all.slice(0, shown)
      const next = all[shown]
      if (!next) return first
      const more = all.length >= kept ? `more than ${kept - shown}` : `${all.length - shown}`
      return [...first, { kind: next.kind, says: `And ${more} more of the kind; the log names them.`, at: next.at }]
    },
  }
}

import type { View } from '@tandem/shared/docs'

/** A view that changes when any of the others does; its value says nothing but that. */
export function mergeViews(views: readonly View<unknown>[]): View<object> {
  let value = {}
  let seen: readonly unknown[] = []
  return {
    snapshot: () => {
      const now = views.map((view) => view.snapshot())
      if (now.some((v, i) => v !== seen[i])) {
        seen = now
        value = {}
      }
      return value
    },
    subscribe: (wake) => {
      const stops = views.map((view) => view.subscribe(wake))
      return () => stops.forEach((stop) => stop())
    },
  }
}

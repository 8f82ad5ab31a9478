import { messageOf, type Log } from '@tandem/shared'

/** What is stored and cannot be read: told once by name, shown by health, never skipped in silence. */
export type Damage = {
  /** Why, by place: the name of a document, or of another stored value. */
  places: ReadonlyMap<string, string>
  tell(place: string, error: unknown): void
  /** It could be read after all. */
  clear(place: string): void
}

export function createDamage(log: Log): Damage {
  const places = new Map<string, string>()
  return {
    places,
    tell: (place, error) => {
      if (places.has(place)) return
      places.set(place, messageOf(error))
      log.error('stored value damaged', { place, error })
    },
    clear: (place) => places.delete(place),
  }
}

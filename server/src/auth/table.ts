import type { z } from 'zod'

/** Small records that auth keeps; the store provides them. */
export type AuthTable = {
  read(key: string): Promise<unknown>
  write(key: string, value: unknown): Promise<void>
  /** A record that cannot be read has no value. */
  list(): AsyncIterable<readonly [key: string, value: unknown, error?: unknown]>
}

/** A table that is wholly in memory: every request and every join asks it, and there are few records. */
export type Cached<T> = {
  get(key: string): T | undefined
  entries(): readonly (readonly [key: string, value: T])[]
  /** In force at once, on disk when it resolves: what was granted or withdrawn never waits for the disk. */
  set(key: string, value: T): Promise<void>
  remove(key: string): Promise<void>
  /** Told of every change, in the step in which it is made. */
  onChange(listen: () => void): void
}

/** Reads a table once. A record that does not parse grants nothing, and is left as it is. */
export async function openCached<S extends z.ZodType>(table: AuthTable, schema: S): Promise<Cached<z.infer<S>>> {
  const records = new Map<string, z.infer<S>>()
  const listeners: (() => void)[] = []
  for await (const [key, raw] of table.list()) {
    const parsed = schema.safeParse(raw)
    if (parsed.success) records.set(key, parsed.data)
  }
  const changed = () => {
    for (const listen of listeners) listen()
  }
  return {
    get: (key) => records.get(key),
    entries: () => [...records],
    set: (key, value) => {
      records.set(key, value)
      const written = table.write(key, value)
      changed()
      return written
    },
    remove: async (key) => {
      if (!records.delete(key)) return
      const written = table.write(key, undefined)
      changed()
      await written
    },
    onChange: (listen) => {
      listeners.push(listen)
    },
  }
}

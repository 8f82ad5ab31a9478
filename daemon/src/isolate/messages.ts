import { BindingName, ConsoleLevel } from '@tandem/shared'
import { z } from 'zod'

/** Code as it was given, or as an earlier execution of the same has prepared it. */
export type Module = { readonly code: string; readonly map?: string | undefined }
export type Modules = Readonly<Record<string, Module>>

/** What the host says to the process that runs code, a line of JSON each. */
export type ToGuest =
  /** There is time: what runs later is compiled by then. `typed`: TypeScript is to be expected. */
  | { t: 'warm-up'; typed: boolean; memMb: number }
  | {
      t: 'run'
      modules: Modules
      /** The types are still in it. */
      typed: boolean
      methods: Readonly<Record<string, readonly string[]>>
      /** Of processor time, and of the engine's memory. */
      cpuMs: number
      memMb: number
    }
  | { t: 'answer'; n: number; ok: boolean; text: string }

/** The most that one of its lines may hold, characters: whoever sends more is ended. */
export const maxLine = 4 * 2 ** 20
/** The largest result, characters of JSON, and how deep it may go: others have to read it. */
export const maxResult = 256 * 1024
export const maxDepth = 200

const Place = z.object({ module: z.string().max(300), line: z.int().positive(), column: z.int().positive().optional() })
const Failure = z.object({
  /** What only the process itself knows: its processor time was used up, its memory, or the result is none. */
  kind: z.enum(['thrown', 'syntax', 'cpu', 'memory', 'stalled', 'result']),
  name: z.string().max(100),
  message: z.string().max(4_000),
  place: Place.optional(),
})
export type Failure = z.infer<typeof Failure>

/** What it says to the host. Nobody believes it anything: it may be in the hands of what it runs. */
export const FromGuest = z.discriminatedUnion('t', [
  z.object({ t: z.literal('ready') }),
  /** The modules without their types, to be kept for the next time. Said before any of them runs. */
  z.object({
    t: z.literal('prepared'),
    modules: z.record(z.string().max(300), z.object({ code: z.string(), map: z.string().optional() })),
  }),
  z.object({ t: z.literal('log'), level: ConsoleLevel, text: z.string().max(20_000) }),
  z.object({ t: z.literal('call'), n: z.int(), binding: BindingName, method: z.string().max(40), args: z.string() }),
  z.object({ t: z.literal('done'), value: z.string().max(maxResult).optional(), failure: Failure.optional() }),
])
export type FromGuest = z.infer<typeof FromGuest>

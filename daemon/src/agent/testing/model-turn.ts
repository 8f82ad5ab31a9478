/** What a scripted model says in one answer, whatever protocol it is asked in. */
export type Part =
  | { readonly text: string }
  | { readonly reasoning: string }
  /** `raw` stands in place of the arguments as JSON: what is no JSON at all, or half of it. */
  | { readonly tool: string; readonly id?: string; readonly input?: unknown; readonly raw?: string }

export type Finish = 'stop' | 'length' | 'content-filter' | 'tool-calls'

export type Turn = {
  readonly parts?: readonly Part[]
  /** Anything but 200 is an answer without parts. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** The body of such an answer; an error with `message` where none is given. */
  readonly body?: unknown
  readonly message?: string
  /** The request is taken and never answered. */
  readonly hang?: boolean
  /** The socket is destroyed once so many frames are out. */
  readonly cutAfter?: number
  /** The stream ends with an error in place of its finish. */
  readonly errorEvent?: { readonly type: string; readonly message: string }
  readonly finish?: Finish
  readonly usage?: { readonly input: number; readonly output: number }
  /** Awaited before each frame: a gate that a test opens, or a clock's wait. */
  readonly pace?: (frame: number) => Promise<void> | void
}

export type Answer = { readonly n: number; readonly model: string; readonly chunkSize: number; readonly turn: Turn }

/** How one protocol says a turn: as a stream of frames, and as one body. */
export type Protocol = {
  readonly name: 'openai' | 'anthropic' | 'google'
  frames(answer: Answer): Iterable<string>
  whole(answer: Answer): unknown
  error(status: number, message: string): unknown
}

export const usageOf = ({ turn }: Answer) => turn.usage ?? { input: 100, output: 20 }
export const finishOf = ({ turn }: Answer): Finish =>
  turn.finish ?? ((turn.parts ?? []).some((part) => 'tool' in part) ? 'tool-calls' : 'stop')
export const argumentsOf = (part: Extract<Part, { tool: string }>) => part.raw ?? JSON.stringify(part.input ?? {})
/** The parts with their numbers, and a call's id where the script gives none: the same for the same place. */
export const numbered = ({ n, turn }: Answer) =>
  (turn.parts ?? []).map((part, i) => ({ part, i, id: ('tool' in part && part.id) || `call_${n}_${i}` }))

export function* pieces(text: string, size: number): Iterable<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size)
}

export const frame = (value: unknown, event?: string) =>
  `${event === undefined ? '' : `event: ${event}\n`}data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`

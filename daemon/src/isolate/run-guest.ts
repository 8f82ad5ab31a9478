import { TandemError, categorizeError, type Clock, type ErrorCategory, type ExecutionError } from '@tandem/shared'
import { wordsFor, type Env } from './env.ts'
import { hear, tailOf, tell, type Guest } from './guest-process.ts'
import { maxDepth, type Failure, type FromGuest, type Modules } from './messages.ts'

export type RunOptions = {
  modules: Modules
  typed: boolean
  env: Env
  limits: { cpuMs: number; memMb: number }
  wallMs: number
  /** So much may all processes of the guest hold, bytes. */
  maxMemory: number
  signal: AbortSignal
  clock: Clock
  onLog(level: Extract<FromGuest, { t: 'log' }>['level'], text: string): void | Promise<void>
  /** The modules as they were prepared, for the next time. */
  onPrepared(modules: Modules): void
}

/** The text of a result, or why there is none. */
export type Ran = { value: string } | { error: ExecutionError }

type Ended = 'timeout' | 'memory' | 'cancelled'
/** How often its memory is looked at: an allocation can overshoot for as long as that. */
const lookMs = 50

/** Runs one snippet in a guest that has run none, holds it to its limits, and returns when nothing of it is left. */
export async function runGuest(guest: Guest, options: RunOptions): Promise<Ran> {
  const { env, modules, typed, limits, wallMs, maxMemory, signal, clock } = options
  let ended: Ended | undefined
  const end = (why: Ended) => {
    ended ??= why
    guest.kill()
  }
  const cancelled = () => end('cancelled')
  const late = clock.after(wallMs, () => end('timeout'))
  const watch = setInterval(() => guest.memory() > maxMemory && end('memory'), lookMs)
  const lastWords = guest.errors && tailOf(guest.errors)
  signal.addEventListener('abort', cancelled, { once: true })
  if (signal.aborted) cancelled()
  try {
    let [isReady, mayPrepare] = [false, typed]
    const answer = async ({ n, binding, method, args }: Extract<FromGuest, { t: 'call' }>) => {
      const answered = await env.call(binding, method, args).then(
        (text) => ({ ok: true, text }),
        (e: unknown) => ({ ok: false, text: wordsFor(e) }),
      )
      tell(guest, { t: 'answer', n, ...answered })
    }
    tell(guest, { t: 'run', modules, typed, methods: env.methods as Record<string, readonly string[]>, ...limits })
    const parting = await hear(guest, (message) => {
      isReady = true
      if (message.t === 'ready') return undefined
      // Only before anything of it ran its word is taken for how the modules are without their types.
      const prepares = message.t === 'prepared' && mayPrepare && hasSameNames(message.modules, modules)
      mayPrepare = false
      if (prepares) return options.onPrepared(message.modules)
      if (message.t === 'log') return options.onLog(message.level, message.text)
      return message.t === 'call' ? void answer(message) : undefined
    })
    guest.kill()
    const { code, signal: by } = await guest.exit
    if ('said' in parting && ended === undefined) return resultOf(parting.said)
    if (ended !== undefined) return { error: errorFor(ended, wallMs) }
    if ('forged' in parting)
      return {
        error: { category: 'unknown', message: `the isolate said what it must not: ${parting.forged.slice(0, 200)}` },
      }
    if (!isReady)
      throw new TandemError('sandbox-unavailable', {
        reason: `the isolate did not start: ${lastWords?.() ?? ''}`.slice(0, 500),
      })
    return { error: errorOfExit(by === null ? code : 128, lastWords?.() ?? '', limits) }
  } finally {
    late()
    clearInterval(watch)
    signal.removeEventListener('abort', cancelled)
  }
}

const hasSameNames = (a: Modules, b: Modules): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.keys(a).every((name) => Object.hasOwn(b, name))

const categories: Readonly<Record<Failure['kind'], ErrorCategory>> = {
  thrown: 'runtime',
  syntax: 'syntax',
  cpu: 'timeout',
  memory: 'memory',
  stalled: 'timeout',
  result: 'runtime',
}

function resultOf({ value, failure }: Extract<FromGuest, { t: 'done' }>): Ran {
  if (failure === undefined) {
    const bad = whyNoResult(value)
    return bad === undefined ? { value: value ?? 'null' } : { error: { category: 'runtime', message: bad } }
  }
  const { kind, name, message, place } = failure
  const category = kind === 'thrown' ? categorizeError({ name: name || 'Error', message }) : categories[kind]
  const jsx = category === 'syntax' && message.includes("'<'") ? ': JSX has to be compiled first' : ''
  const words = `${message.split('\n')[0] ?? ''}${jsx}`.slice(0, 2_000)
  return { error: { category, ...(name !== '' && { name }), message: words, ...place } }
}

/** It has to be read by others, who may go into it step by step. */
function whyNoResult(value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  try {
    JSON.parse(value)
  } catch {
    return 'its result is no JSON'
  }
  let [depth, deepest] = [0, 0]
  for (const [mark] of value.matchAll(/"(?:[^"\\]|\\.)*"|[[{\]}]/g)) {
    depth += mark === '[' || mark === '{' ? 1 : mark === ']' || mark === '}' ? -1 : 0
    deepest = Math.max(deepest, depth)
  }
  return deepest > maxDepth ? `its result is nested more than ${maxDepth} deep` : undefined
}

function errorFor(ended: Ended, wallMs: number): ExecutionError {
  switch (ended) {
    case 'timeout':
      return { category: 'timeout', message: `it did not end within ${wallMs / 1_000} s` }
    case 'memory':
      return { category: 'memory', message: 'it used more memory than allowed' }
    case 'cancelled':
      return { category: 'cancelled', message: 'it was cancelled' }
    default:
      return ended satisfies never
  }
}

/** It ended without a word: by the kernel, at its limits, or because its engine gave up. */
function errorOfExit(code: number | null, lastWords: string, { cpuMs }: RunOptions['limits']): ExecutionError {
  const cpu = 128 + 24 // SIGXCPU
  if (code === cpu || code === 137)
    return { category: 'timeout', message: `it computed for more than ${cpuMs / 1_000} s` }
  if (code === 134 || code === 133 || /out of memory|allocation failed/i.test(lastWords))
    return { category: 'memory', message: 'it used more memory than allowed' }
  return { category: 'unknown', message: `it ended by itself, with code ${code ?? 'none'}` }
}

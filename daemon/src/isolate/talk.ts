import { categorizeError, type ErrorCategory, type ExecutionError } from '@tandem/shared'
import { wordsFor, type Env } from './env.ts'
import { hear, tell, type Parting, type Pipes } from './hear.ts'
import { maxDepth, type Failure, type FromGuest, type Modules } from './messages.ts'

export type TalkOptions = {
  modules: Modules
  /** Their types are still in them. */
  typed: boolean
  env: Env
  limits: { cpuMs: number; memMb: number }
  onLog(level: Extract<FromGuest, { t: 'log' }>['level'], text: string): void | Promise<void>
  /** The modules as they were prepared, for the next time. */
  onPrepared(modules: Modules): void
}

/** So many calls are worked on or told the answer of at a time, each of which may be large. */
const maxUnderWay = 64
/** What else of them waits, characters: beyond that the guest does, too. */
const maxWaiting = 32 * 2 ** 20

type Call = Extract<FromGuest, { t: 'call' }>

/** The text of a result, or why there is none. */
export type Ran = { value: string } | { error: ExecutionError }

/** Has a guest that has run nothing yet run these modules, answers its calls, and tells how they parted. */
export async function talk(pipes: Pipes, options: TalkOptions): Promise<{ parting: Parting; hasSpoken: boolean }> {
  const { env, modules, typed, limits } = options
  let [hasSpoken, mayPrepare] = [false, typed]
  const underWay = new Set<Promise<void>>()
  let [waiting, isOver] = [0, false]
  const answer = async ({ n, binding, method, args }: Call) => {
    const answered = await env.call(binding, method, args).then(
      (text) => ({ ok: true, text }),
      (e: unknown) => ({ ok: false, text: wordsFor(e) }),
    )
    await tell(pipes, { t: 'answer', n, ...answered })
  }
  // It is heard all the while: it may be unable to listen before it has said what it has to.
  const inTurn = async (call: Call) => {
    waiting += call.args.length
    while (underWay.size >= maxUnderWay) await Promise.race(underWay)
    waiting -= call.args.length
    if (isOver) return
    const answering = answer(call).finally(() => underWay.delete(answering))
    underWay.add(answering)
  }
  void tell(pipes, { t: 'run', modules, typed, methods: env.methods as Record<string, readonly string[]>, ...limits })
  const parting = await hear(pipes, (message) => {
    hasSpoken = true
    if (message.t === 'ready') return undefined
    // Only before anything of it ran its word is taken for how the modules are without their types.
    const prepares = message.t === 'prepared' && mayPrepare && hasSameNames(message.modules, modules)
    mayPrepare = false
    if (prepares) return options.onPrepared(message.modules)
    if (message.t === 'log') return options.onLog(message.level, message.text)
    if (message.t !== 'call') return undefined
    void inTurn(message)
    return waiting > maxWaiting ? Promise.race(underWay) : undefined
  })
  isOver = true
  return { parting, hasSpoken }
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

/** What a guest says of its end, as far as it can be believed. */
export function resultOf({ value, failure }: Extract<FromGuest, { t: 'done' }>): Ran {
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

import type { Readable } from 'node:stream'
import type { Failure, FromGuest, Modules, ToGuest } from '../messages.ts'
import type { Prepare, Source } from './prepare.ts'

type Run = Extract<ToGuest, { t: 'run' }>
/** What a guest has while it runs one snippet. */
export type Spoken = {
  /** Blocks while the host does not read: nothing piles up here. */
  send(message: FromGuest): void
  /** Calls of bindings that are under way, and making one: answers the text of JSON, rejects with the text of why not. */
  calls: { readonly size: number; make(binding: string, method: string, args: string): Promise<string> }
  /** The modules as they run; throws where one of them is not what its language allows. */
  sourcesOf(modules: Modules, typed: boolean): Map<string, Source>
}
type Ears = {
  input: Readable
  /** The descriptor it answers on. */
  output: number
  withoutTypes: Prepare['withoutTypes']
  run(message: Run, spoken: Spoken): Promise<string>
  /** Makes ready what the snippet will need, once the way there is compiled. */
  warmUp?(memMb: number): Promise<void>
  end(): unknown
}

/** An error that says of which kind it is. */
function over(kind: Failure['kind'], message: string, more: Partial<Failure> = {}): Error {
  const failure: Failure = { kind, name: '', message: message.slice(0, 4_000), ...more }
  return Object.assign(new Error(message), { failure })
}

function failureOf(e: unknown): Failure {
  if (e instanceof Error && 'failure' in e) return e.failure as Failure
  const { name, message } = e instanceof Error ? e : { name: '', message: String(e) }
  return { kind: 'thrown', name: name.slice(0, 100), message: message.slice(0, 4_000) }
}

/** Hears what the host says, in lines of JSON, and answers: one snippet is run, and that is all. */
function speak({ input, output, withoutTypes, run, warmUp, end }: Ears): void {
  const { writeSync } = process.getBuiltinModule('node:fs')
  const { createInterface } = process.getBuiltinModule('node:readline')
  const maxArgs = 2 ** 20
  const waiting = new Map<number, PromiseWithResolvers<string>>()
  const still = new Int32Array(new SharedArrayBuffer(4))
  let made = 0
  const send = (message: FromGuest) => {
    const bytes = Buffer.from(`${JSON.stringify(message)}\n`)
    for (let at = 0; at < bytes.length;) {
      try {
        at += writeSync(output, bytes, at)
      } catch (e) {
        if ((e as NodeJS.ErrnoException).code !== 'EAGAIN') throw e
        Atomics.wait(still, 0, 0, 2)
      }
    }
  }
  const calls: Spoken['calls'] = {
    get size() {
      return waiting.size
    },
    make: (binding, method, args) => {
      if (args.length > maxArgs) return Promise.reject('what it was given is larger than 1 MB')
      const answer = Promise.withResolvers<string>()
      waiting.set(++made, answer)
      send({ t: 'call', n: made, binding: binding as 'FS', method, args })
      return answer.promise
    },
  }
  const sourcesOf: Spoken['sourcesOf'] = (modules, typed) => {
    const sources = new Map<string, Source>(Object.entries(modules))
    if (!typed) return sources
    for (const [name, { code }] of sources) {
      const plain = withoutTypes(name, code)
      if ('place' in plain) throw over('syntax', plain.message, { name: 'SyntaxError', place: plain.place })
      sources.set(name, plain)
    }
    send({ t: 'prepared', modules: Object.fromEntries(sources) })
    return sources
  }
  createInterface({ input }).on('line', (line) => {
    const message = JSON.parse(line) as ToGuest
    if (message.t === 'warm-up') {
      const code = 'console.log(1); export default async (env) => Object.keys(env)'
      const trial: Run = { t: 'run', modules: { main: { code } }, typed: false, methods: {}, cpuMs: 1_000, memMb: 16 }
      if (message.typed) withoutTypes('main', code)
      // Where it fails the snippet itself will tell.
      return void run(trial, { send: () => {}, calls, sourcesOf })
        .then(() => warmUp?.(message.memMb))
        .catch(() => {})
    }
    if (message.t === 'run') {
      return void run(message, { send, calls, sourcesOf })
        .then(
          (value) => send({ t: 'done', value }),
          (e: unknown) => send({ t: 'done', failure: failureOf(e) }),
        )
        .finally(() => void end())
    }
    const answer = waiting.get(message.n)
    waiting.delete(message.n)
    if (message.ok) answer?.resolve(message.text)
    else answer?.reject(message.text)
  })
  send({ t: 'ready' })
}

/** As `prepareText`. */
export type Speaking = { speak: typeof speak; over: typeof over }
export const speakText: string = [over, failureOf, speak].map(String).join('\n')

import type { JSValueHandle, QuickJS } from 'quickjs-wasi'
import type { ToGuest } from '../messages.ts'
import { harness, type Thrown } from './harness.ts'
import { prepareText, type Prepare } from './prepare.ts'
import { speakText, type Speaking, type Spoken } from './speak.ts'

type Run = Extract<ToGuest, { t: 'run' }>
type Engine = Pick<typeof import('quickjs-wasi'), 'EvalFlags' | 'JSException' | 'QuickJS'>
type Own = Prepare & Speaking & { harness: typeof harness }
type Given = Own & Spoken & { engine: Engine; open: (memMb: number) => ReturnType<typeof openEngine> }

/** An engine that has run nothing yet, and what it asks: to make one takes longer than most snippets. */
async function openEngine({ QuickJS }: Engine, compiled: unknown, memMb: number) {
  const hooks = {
    isOver: () => false,
    normalize: (_base: string, asked: string): string => asked,
    load: (_name: string): string => '',
  }
  const vm = await QuickJS.create({
    wasm: compiled as Uint8Array,
    memoryLimit: memMb * 2 ** 20,
    maxStackSize: 256 * 1024,
    timezoneOffset: 0,
    interruptHandler: () => hooks.isOver(),
    // It has nothing to write to.
    wasi: () => ({ fd_write: () => 8 }),
    moduleLoader: {
      normalize: (base: string, asked: string) => hooks.normalize(base, asked),
      load: (name: string) => hooks.load(name),
    },
  })
  return { vm, hooks, memMb }
}

/** Runs one snippet in QuickJS, and gives the text of its result. Throws what `failureOf` makes words of. */
async function runInQuickJs(given: Given, { modules, typed, methods, cpuMs, memMb }: Run): Promise<string> {
  const { engine, harness, over, placeIn, resolveName, sourcesOf, calls, send } = given
  const limits = { result: 256 * 1024, timers: 1_000 }
  const sources = sourcesOf(modules, typed)
  const before = process.cpuUsage()
  let [looks, isSpent, isDone, timers] = [0, false, false, 0]
  const isOver = (): boolean => {
    if (isSpent || looks++ % 64 !== 0) return isSpent
    const { user, system } = process.cpuUsage(before)
    return (isSpent = user + system > cpuMs * 1_000)
  }
  const spent = () => over('cpu', `it computed for more than ${cpuMs / 1_000} s`)
  const find = (base: string, asked: string): string => {
    if (!/^\.{1,2}\//.test(asked)) throw new Error(`there is no '${asked.slice(0, 200)}' in an isolate`)
    const name = resolveName(sources, base, asked)
    if (name === undefined) throw new Error(`there is no module '${asked.slice(0, 200)}'`)
    return name
  }
  const { vm, hooks } = await given.open(memMb)
  hooks.isOver = isOver
  // The engine asks for the main module as it is.
  hooks.normalize = (base, asked) => (asked === 'main' ? asked : find(base, asked))
  hooks.load = (name) => sources.get(name)?.code ?? ''
  const ended = Promise.withResolvers<never>()
  ended.promise.catch(() => {})
  /** Runs what is ready to run; after that something must be under way, or nothing ever comes. */
  const go = () => {
    const { qjs_is_job_pending: isPending, qjs_execute_pending_job: step } = vm._getExports()
    while (!isSpent && isPending()) if (step() < 0 || isOver()) break
    if (isSpent) return ended.reject(spent())
    setImmediate(() => {
      if (!isDone && calls.size === 0 && timers === 0 && !isPending())
        ended.reject(over('stalled', 'it waits for something that never comes'))
    })
  }
  const wake = (act: () => void) => {
    if (isDone) return
    act()
    go()
  }
  const outside = vm.newObject()
  const give = (name: string, run: (...args: JSValueHandle[]) => JSValueHandle) =>
    outside.setProp(
      name,
      vm.newFunction(name, (...args) => run(...args)),
    )
  give('call', (binding, method, args) => {
    const { handle, resolve, reject } = vm.newPromise()
    const say = (settle: (value: JSValueHandle) => void) => (text: string) => wake(() => settle(vm.newString(text)))
    const [name, verb, text] = [binding, method, args].map((each) => each?.toString() ?? '') as [string, string, string]
    calls.make(name, verb, text).then(say(resolve), say(reject))
    return handle
  })
  give('log', (level, text) => {
    send({ t: 'log', level: level?.toString() as 'log', text: text?.toString() ?? '' })
    return vm.undefined
  })
  give('wait', (ms) => {
    if (timers >= limits.timers) throw new Error(`more than ${limits.timers} timers at once`)
    const { handle, resolve } = vm.newPromise()
    timers++
    const ring = () => {
      timers--
      wake(() => resolve(vm.undefined))
    }
    setTimeout(ring, Math.min(Math.max(ms?.toNumber() ?? 0, 0), 2 ** 31 - 1))
    return handle
  })
  const thrown = (error: JSValueHandle): Error => {
    if (isSpent) return spent()
    try {
      const { name, message, stack } = JSON.parse(vm.callFunction(describe, vm.undefined, error).toString()) as Thrown
      return over('thrown', message, { name, place: placeIn(stack, sources) })
    } catch {
      return over('memory', 'out of memory')
    }
  }
  const settled = async (promise: JSValueHandle): Promise<JSValueHandle> => {
    const coming: ReturnType<QuickJS['resolvePromise']> = vm.resolvePromise(promise)
    go()
    const end = await Promise.race([coming, ended.promise])
    if ('error' in end) throw thrown(end.error)
    return end.value
  }
  const made = vm.callFunction(
    vm.evalCode(`(${String(harness)})`, 'harness'),
    vm.undefined,
    outside,
    vm.hostToHandle(methods),
  )
  const [describe, toText] = [made.getProp('describe'), made.getProp('toText')]
  for (const name of ['console', 'env']) vm.global.setProp(name, made.getProp(name))
  for (const name of ['setTimeout', 'clearTimeout']) vm.global.setProp(name, made.getProp('timers').getProp(name))
  try {
    const namespace = await settled(vm.evalCode(sources.get('main')?.code ?? '', 'main', engine.EvalFlags.TYPE_MODULE))
    const main = namespace.getProp('default')
    const value = main.isFunction ? vm.callFunction(main, vm.undefined, made.getProp('env')) : main
    const result = await settled(value)
    const text = vm.callFunction(toText, vm.undefined, result, vm.newNumber(limits.result)).toString()
    if (text.startsWith('!'))
      throw over('result', `its result is ${text.slice(1)} characters of JSON, more than ${limits.result}`)
    return text
  } catch (e) {
    if (e instanceof engine.JSException) throw thrown(e.handle)
    throw isSpent ? spent() : e
  } finally {
    isDone = true
  }
}

/** The process in which a snippet runs, once. Its arguments: the engine's module, and its WebAssembly. */
async function main(load: (name: string) => Promise<unknown>, given: Own): Promise<void> {
  const { readFile } = process.getBuiltinModule('node:fs/promises')
  const [name = '', wasm = ''] = process.argv.slice(2)
  const { compile } = (globalThis as unknown as { WebAssembly: { compile(bytes: Uint8Array): Promise<unknown> } })
    .WebAssembly
  const [engine, compiled] = await Promise.all([load(name) as Promise<Engine>, readFile(wasm).then(compile)])
  let spare: Awaited<ReturnType<typeof openEngine>> | undefined
  const open = async (memMb: number) => {
    const taken = spare?.memMb === memMb ? spare : await openEngine(engine, compiled, memMb)
    spare = undefined
    return taken
  }
  given.speak({
    input: process.stdin,
    output: 1,
    withoutTypes: given.withoutTypes,
    run: (message, spoken) => runInQuickJs({ ...given, ...spoken, engine, open }, message),
    warmUp: async (memMb) => {
      spare = await openEngine(engine, compiled, memMb)
    },
    end: () => process.exit(),
  })
}

/** The whole program, to be handed to a Node that has nothing of ours. */
export const quickJsProgram = (): string =>
  [harness, prepareText, speakText, openEngine, runInQuickJs, main].map(String).join('\n') +
  '\nmain((name) => import(name), { harness, withoutTypes, placeIn, resolveName, over, speak })\n'

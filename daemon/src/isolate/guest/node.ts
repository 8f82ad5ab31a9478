import type { ToGuest } from '../messages.ts'
import { harness, type Thrown } from './harness.ts'
import { prepareText, type Prepare, type Source } from './prepare.ts'
import { speakText, type Speaking, type Spoken } from './speak.ts'

type Run = Extract<ToGuest, { t: 'run' }>
type Own = Prepare & Speaking & { harness: typeof harness; load(url: string): Promise<unknown> }

/** Runs one snippet in this very Node, as modules beside the project's files: it imports what those can import. */
async function runInNode(given: Own & Spoken, { modules, typed, methods }: Run): Promise<string> {
  const { load, harness, over, placeIn, resolveName, withoutTypes, sourcesOf, calls, send } = given
  const { registerHooks } = process.getBuiltinModule('node:module')
  const { pathToFileURL } = process.getBuiltinModule('node:url')
  const maxResult = 256 * 1024
  const { console, env, describe, toText } = harness(
    { call: calls.make, log: (level, text) => send({ t: 'log', level: level as 'log', text }) },
    methods,
  )
  globalThis.console = Object.assign(Object.create(globalThis.console) as typeof globalThis.console, console)
  let sources = new Map<string, Source>()
  const urlOf = (name: string) => `${pathToFileURL(`${process.cwd()}/${name}`).href}?snippet`
  /** Node keeps to itself where it could not read a module: another parser tells. */
  const misread = () => {
    for (const [name, { code }] of sources) {
      const plain = withoutTypes(name, code)
      if ('place' in plain) return plain.place
    }
    return undefined
  }
  const thrown = (error: unknown): Error => {
    if (error instanceof Error && 'failure' in error) return error
    const { name, message, stack } = JSON.parse(describe(error)) as Thrown
    const named = [...sources.keys()].reduce((text, each) => text.replaceAll(urlOf(each), each), stack)
    return over('thrown', message, {
      name,
      place: placeIn(named, sources) ?? (name === 'SyntaxError' ? misread() : undefined),
    })
  }
  try {
    sources = sourcesOf(modules, typed)
    const nameByUrl = new Map([...sources.keys()].map((name) => [urlOf(name), name]))
    registerHooks({
      resolve: (asked, context, next) => {
        const base = nameByUrl.get(context.parentURL ?? '')
        const name =
          base !== undefined && /^\.{1,2}\//.test(asked) ? resolveName(sources, base, asked) : nameByUrl.get(asked)
        // What is none of its modules is looked for where the project is.
        return name === undefined ? next(asked, context) : { url: urlOf(name), format: 'module', shortCircuit: true }
      },
      load: (url, context, next) => {
        const source = sources.get(nameByUrl.get(url) ?? '')
        return source ? { source: source.code, format: 'module', shortCircuit: true } : next(url, context)
      },
    })
    const { default: main } = (await load(urlOf('main'))) as { default?: unknown }
    const result = await (typeof main === 'function' ? (main as (given: unknown) => unknown)(env) : main)
    const text = toText(result, maxResult)
    if (text.startsWith('!'))
      throw over('result', `its result is ${text.slice(1)} characters of JSON, more than ${maxResult}`)
    return text
  } catch (e) {
    process.exitCode = 1
    throw thrown(e)
  }
}

/** Node as it is, but for one snippet that it is told of over its channel. */
function main(given: Own): void {
  const { Socket } = process.getBuiltinModule('node:net')
  const { env } = process.getBuiltinModule('node:process')
  const channel = Number(env.TANDEM_CHANNEL)
  delete env.TANDEM_CHANNEL
  given.speak({
    input: new Socket({ fd: channel, readable: true, writable: false }),
    output: channel,
    withoutTypes: given.withoutTypes,
    run: (message, spoken) => runInNode({ ...given, ...spoken }, message),
    // What was written is on its way still.
    end: () => process.stdout.write('', () => process.stderr.write('', () => process.exit())),
  })
}

/** The whole program, to be handed to a Node that has nothing of ours. */
export const nodeProgram = (): string =>
  [harness, prepareText, speakText, runInNode, main].map(String).join('\n') +
  '\nmain({ load: (url) => import(url), harness, withoutTypes, placeIn, resolveName, over, speak })\n'

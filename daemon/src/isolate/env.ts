import { isUtf8 } from 'node:buffer'
import { posix } from 'node:path'
import { TandemError, bindingNames, isTandemError, messageOf, type BindingName } from '@tandem/shared'
import { z } from 'zod'
import type { Fetched, Fetcher } from '../egress/fetch.ts'
import type { FileTree, Shell } from './ports.ts'

/** What an execution may call, and who it is [S159]. */
export type Granted = {
  files: FileTree
  shell?: Shell | undefined
  fetch?: Fetcher | undefined
  /** Which of them it asked for; all there are where it did not say. */
  asked?: readonly BindingName[] | undefined
  /** Of this execution; `env.ECHO.info()` tells it. */
  props: { execution: string; session?: string | undefined }
  /** So many calls, and no more. */
  maxCalls: number
}

export type Env = {
  /** The methods of each binding that it has. */
  methods: Readonly<Partial<Record<BindingName, readonly string[]>>>
  /** One call, in words alone: answers the text of JSON. Rejects with an error whose message may be shown. */
  call(binding: string, method: string, args: string): Promise<string>
}

type Method = (args: unknown) => Promise<unknown>
/** The most that one answer may hold, characters. */
const maxAnswer = 2 ** 20

const method =
  <S extends z.ZodType<readonly unknown[]>>(args: S, run: (...args: z.infer<S>) => unknown): Method =>
  async (raw) => {
    const parsed = args.safeParse(raw)
    if (parsed.success) return run(...parsed.data)
    const [issue] = parsed.error.issues
    throw new TandemError('validation-failed', {
      reason: `argument ${Number(issue?.path[0] ?? 0) + 1}: ${issue?.message}`,
    })
  }

const AnyPath = z
  .string()
  .min(1)
  .max(4_096)
  .refine((path) => !path.includes('\0') && path.isWellFormed(), { message: 'not a path' })
/** From `/`, wherever it is said to begin; `..` ends there. */
const Path = AnyPath.transform((path) => posix.normalize(`/${path}`).replace(/(?<=.)\/$/, ''))
const Encoding = z.enum(['utf8', 'base64']).default('utf8')
const Content = z.string().max(maxAnswer)
const bytesOf = (content: string, encoding: 'utf8' | 'base64') => new Uint8Array(Buffer.from(content, encoding))
const RequestInit = z
  .object({
    method: z.string().max(20).optional(),
    headers: z.record(z.string().max(200), z.string().max(8_192)).optional(),
    body: Content.optional(),
  })
  .prefault({})

/** Everything that crosses from a snippet to us comes through here [S163]: only what was granted is there, counted and parsed. */
export function buildEnv({ files, shell, fetch, asked, props, maxCalls }: Granted): Env {
  const here = { FS: fsOf(files), BASH: shell && bashOf(shell), FETCH: fetch && fetchOf(fetch), ECHO: {} }
  const names = bindingNames.filter((name) => here[name] !== undefined && (asked?.includes(name) ?? true))
  const absent = asked?.find((name) => here[name] === undefined)
  if (absent !== undefined)
    throw new TandemError('bad-request', { reason: `env.${absent} is not to be had on this machine` })
  const bindings = new Map(names.map((name) => [name as string, here[name] as Record<string, Method>]))
  if (bindings.has('ECHO')) bindings.set('ECHO', echoOf({ ...props, bindings: names }))
  let calls = 0
  return {
    methods: Object.fromEntries([...bindings].map(([name, methods]) => [name, Object.keys(methods)])),
    call: async (binding, name, args) => {
      if (++calls > maxCalls)
        throw new TandemError('rate-limited', { reason: `more than ${maxCalls} calls of one execution` })
      const methods = bindings.get(binding)
      const run = methods && Object.hasOwn(methods, name) ? methods[name] : undefined
      if (!run) throw new TandemError('forbidden', { reason: 'there is no such binding' })
      try {
        const text = JSON.stringify((await run(JSON.parse(args))) ?? null)
        if (text.length <= maxAnswer) return text
      } catch (e) {
        // What is not said by us may tell of the machine.
        throw isTandemError(e) ? e : new TandemError('internal', { reason: `env.${binding}.${name} failed` }, e)
      }
      throw new TandemError('too-large', { reason: 'the answer is larger than 1 MB' })
    },
  }
}

const fsOf = (files: FileTree): Record<string, Method> => ({
  readFile: method(z.tuple([Path, Encoding]), async (path, encoding) =>
    Buffer.from(await files.readFile(path)).toString(encoding),
  ),
  writeFile: method(z.tuple([Path, Content, Encoding]), (path, content, encoding) =>
    files.writeFile(path, bytesOf(content, encoding)),
  ),
  appendFile: method(z.tuple([Path, Content, Encoding]), (path, content, encoding) =>
    files.appendFile(path, bytesOf(content, encoding)),
  ),
  unlink: method(z.tuple([Path]), files.unlink),
  exists: method(z.tuple([Path]), files.exists),
  stat: method(z.tuple([Path]), files.stat),
  mkdir: method(z.tuple([Path]), files.mkdir),
  readdir: method(z.tuple([Path]), files.readdir),
  rmdir: method(z.tuple([Path]), files.rmdir),
})

const bashOf = (shell: Shell): Record<string, Method> => ({
  exec: method(z.tuple([z.string().max(100_000)]), shell.exec),
  readFile: method(z.tuple([AnyPath]), shell.readFile),
  writeFile: method(z.tuple([AnyPath, Content]), shell.writeFile),
  listFiles: method(z.tuple([AnyPath.default('.')]), shell.listFiles),
  getCwd: method(z.tuple([]), shell.getCwd),
})

const fetchOf = ({ fetch, getLog, clearLog, getConfig }: Fetcher): Record<string, Method> => {
  const Url = z.string().max(8_192)
  const ask = (asked?: string) =>
    method(z.tuple([Url, RequestInit]), async (url, init) =>
      shown(await fetch({ url, ...init, method: asked ?? init.method })),
    )
  return {
    fetch: ask(),
    get: ask('GET'),
    head: ask('HEAD'),
    getLog: method(z.tuple([]), getLog),
    clearLog: method(z.tuple([]), clearLog),
    getConfig: method(z.tuple([]), getConfig),
  }
}

/** The body as text; what is none, in base64. Refusals are errors that begin with their code [S232]. */
function shown(fetched: Fetched): object {
  if ('problem' in fetched) {
    const { code, message } = fetched.problem
    throw new TandemError(code === 'FETCH_FAILED' ? 'offline' : 'forbidden', { reason: `${code}: ${message}` })
  }
  const { body, ...answer } = fetched.answer
  const isText = isUtf8(body)
  return {
    ...answer,
    body: Buffer.from(body).toString(isText ? 'utf8' : 'base64'),
    ...(!isText && { encoding: 'base64' }),
  }
}

/** Kept to find out whether anything crosses at all [S161]. */
const echoOf = (info: object): Record<string, Method> => ({
  ping: method(z.tuple([]), () => 'pong'),
  info: method(z.tuple([]), () => info),
  echo: method(z.tuple([z.unknown()]), (value) => value),
})

/** What of an error a snippet is told. */
export const wordsFor = (e: unknown): string => messageOf(e).slice(0, 500)

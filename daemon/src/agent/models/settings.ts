import { readFileSync, realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, sep } from 'node:path'
import { isLoopback, messageOf, TandemError } from '@tandem/shared'
import { z } from 'zod'
import { sentenceOf } from '../../sandbox/policy-file.ts'

/** How a provider's name is written, also before the colon of `provider:model`. */
const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'a name is lowercase letters, digits and hyphens')
  .refine((each) => each !== 'helper', 'that is the built-in helper')
/** Prices in US dollars for a million tokens. */
const usd = z.number().min(0).max(10_000)

const Provider = z
  .strictObject({
    kind: z.enum(['openai', 'anthropic', 'google', 'openai-compatible']),
    /** Where it is, up to and with `/v1`; by default where the vendor's is. */
    baseUrl: z.url({ protocol: /^https?$/ }).optional(),
    /** The environment variable that holds its key, or a file that only its owner can read. */
    key: z.union([z.strictObject({ env: z.string().min(1) }), z.strictObject({ file: z.string().min(1) })]).optional(),
  })
  .refine(({ kind, baseUrl }) => kind !== 'openai-compatible' || baseUrl !== undefined, {
    message: 'an openai-compatible provider needs its baseUrl',
  })
  .refine(({ key, baseUrl }) => !key || !baseUrl || !isOpenToAll(baseUrl), {
    message: 'its key would be sent in the clear; use https, or a server on this machine',
  })
export type Provider = z.infer<typeof Provider>

const Model = z.strictObject({
  /** What goes into it at once, in tokens; what it answers at most. */
  contextTokens: z.int().min(2_000).default(128_000),
  maxOutputTokens: z.int().min(256).default(8_192),
  price: z.strictObject({ input: usd, output: usd, cachedInput: usd.optional() }).optional(),
})
export type ModelFacts = z.infer<typeof Model>

/** Which models the owner of this machine lets the agent use. What it leaves out is as below. */
export const ModelSettings = z.strictObject({
  version: z.literal(1).default(1),
  /** The model of whoever chooses none. */
  default: z.string().min(1).optional(),
  providers: z.record(name, Provider).default({}),
  /** What is known of a model, by `provider:model`. */
  models: z.record(z.string(), Model).default({}),
})
export type ModelSettings = z.infer<typeof ModelSettings>

/** Where servers of models on one's own machine listen unless they are told otherwise, and what to know of them. */
export const localServers = [
  {
    name: 'ollama',
    title: 'Ollama',
    port: 11434,
    note: 'Unless it is told otherwise (OLLAMA_CONTEXT_LENGTH) it gives a model a window of a few thousand tokens; work on code wants 64,000.',
  },
  { name: 'lm-studio', title: 'LM Studio', port: 1234, note: undefined },
  { name: 'llama-cpp', title: 'llama.cpp', port: 8080, note: undefined },
  {
    name: 'vllm',
    title: 'vLLM',
    port: 8000,
    note: 'It calls tools only when started with --enable-auto-tool-choice and --tool-call-parser.',
  },
] as const

export const localUrl = (port: number) => `http://127.0.0.1:${port}/v1`

/** Those that need no word of the owner's but a key in the environment, or a server that runs. */
export const wellKnown: Readonly<Record<string, Provider>> = {
  openai: { kind: 'openai', key: { env: 'OPENAI_API_KEY' } },
  anthropic: { kind: 'anthropic', key: { env: 'ANTHROPIC_API_KEY' } },
  google: { kind: 'google', key: { env: 'GOOGLE_GENERATIVE_AI_API_KEY' } },
  ...Object.fromEntries(
    localServers.map(({ name: each, port }) => [each, { kind: 'openai-compatible' as const, baseUrl: localUrl(port) }]),
  ),
}

export const defaultFacts: ModelFacts = Model.parse({})

export type FoundModelSettings = { readonly file: string; readonly settings: ModelSettings }

/**
 * The models of this machine's owner: `tandem/models.json` in their configuration folder, beside the policy. Throws
 * `config-invalid` naming the key that is wrong; also for a file inside the folder served, where a command could send
 * the keys to another place.
 */
export function readModelSettings({
  environment,
  workspace,
}: {
  /** The machine's environment: XDG_CONFIG_HOME, HOME. */
  environment: Readonly<Record<string, string | undefined>>
  /** The folder served. */
  workspace: string
}): FoundModelSettings {
  const home = environment.HOME || homedir()
  const file = join(environment.XDG_CONFIG_HOME || join(home, '.config'), 'tandem', 'models.json')
  const refuse = (reason: string, cause?: unknown): never => {
    throw new TandemError('config-invalid', { reason: `the models in ${file} ${reason}` }, cause)
  }
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return { file, settings: ModelSettings.parse({}) }
    return refuse(`cannot be read: ${messageOf(e)}`, e)
  }
  if ((realpathSync(dirname(file)) + sep).startsWith(realpathSync(workspace) + sep))
    return refuse('are inside the folder served, where commands could change them; keep them elsewhere')
  const parsed = ModelSettings.safeParse(parse(text, refuse))
  return parsed.success ? { file, settings: parsed.data } : refuse(`are not valid: ${sentenceOf(parsed.error)}`)
}

function parse(text: string, refuse: (reason: string) => never): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own message quotes what stands there, and somebody may have put a key there.
    return refuse('are not JSON')
  }
}

/** Plain HTTP to another machine. */
const isOpenToAll = (url: string) => new URL(url).protocol === 'http:' && !isLoopback(new URL(url).hostname)

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@tandem/shared'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { newWorld, processOf } from '../testing/run-bed.ts'
import { startModelServer } from '../testing/model-server.ts'
import { runAgent } from '../loop/run-agent.ts'
import { createModels } from './registry.ts'
import { readModelSettings } from './settings.ts'

let home: string
let folder: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tandem-models-'))
  folder = join(home, '.config', 'tandem')
  mkdirSync(folder, { recursive: true })
  mkdirSync(join(home, 'project'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const write = (settings: unknown) =>
  writeFileSync(join(folder, 'models.json'), typeof settings === 'string' ? settings : JSON.stringify(settings))
const read = (workspace = join(home, 'project')) => readModelSettings({ environment: { HOME: home }, workspace })
const models = (environment: Record<string, string> = {}) => createModels({ ...read(), environment })

test('[AGT-20] [S237] without a word of the owner’s, gpt-4o is the model where OpenAI has a key, and the helper where it has not', async () => {
  expect(models({ OPENAI_API_KEY: 'sk-1234567' }).default()).toBe('openai:gpt-4o')
  expect(models().default()).toBe('helper:built-in')
  expect(await models().open('helper:built-in')).toMatchObject({ model: { provider: 'helper' } })
  write({
    default: 'local:qwen3-coder:30b',
    providers: { local: { kind: 'openai-compatible', baseUrl: 'http://127.0.0.1:1/v1' } },
  })
  expect(models().default()).toBe('local:qwen3-coder:30b')
  expect(await models().open('local:qwen3-coder:30b')).toMatchObject({ model: { modelId: 'qwen3-coder:30b' } })
})

test('[AGT-20] [S235] models of each provider are opened by name, with what the owner knows of them', async () => {
  const price = { input: 2.5, output: 10 }
  write({ models: { 'openai:gpt-4o': { contextTokens: 64_000, maxOutputTokens: 16_384, price } } })
  const environment = { OPENAI_API_KEY: 'sk-1', ANTHROPIC_API_KEY: 'sk-2', GOOGLE_GENERATIVE_AI_API_KEY: 'sk-3' }
  for (const id of ['openai:gpt-4o', 'anthropic:claude-x', 'google:gemini-x'])
    expect(await models(environment).open(id)).toHaveProperty('model')
  expect(await models(environment).open('openai:gpt-4o')).toMatchObject({
    facts: { contextTokens: 64_000, maxOutputTokens: 16_384, price },
  })
  expect(await models().open('ollama:qwen3-coder:30b')).toMatchObject({ model: { modelId: 'qwen3-coder:30b' } })
  expect(await models(environment).open('openai:other')).toMatchObject({ facts: { maxOutputTokens: 8_192 } })
})

test('[AGT-20] what nobody set up is refused, and says where it would be', async () => {
  for (const id of ['gpt-4o', 'nope:x', ':x', 'openai:', '__proto__:x', 'constructor:x'])
    await expect(models().open(id)).rejects.toThrow(
      /there is no model .*models\.json.* openai, anthropic, google, ollama/,
    )
})

test('[AGT-20] a file that is wrong, or that a command could change, is refused naming what is wrong', () => {
  write({ providers: { local: { kind: 'openai-compatible' } } })
  expect(() => read()).toThrow('providers.local: an openai-compatible provider needs its baseUrl')
  write({ provider: {} })
  expect(() => read()).toThrow('provider: there is no such key')
  write('{"key": "sk-secret-9"')
  expect(() => read()).toThrow(/are not JSON$/)
  write({})
  expect(() => read(home)).toThrow('inside the folder served')
})

test('[AGT-21] a key is never sent in the clear to another machine', () => {
  const at = (baseUrl: string) => () => {
    write({ providers: { far: { kind: 'openai', baseUrl, key: { env: 'X' } } } })
    return read()
  }
  expect(at('http://models.example.org/v1')).toThrow('sent in the clear')
  expect(at('https://models.example.org/v1')).not.toThrow()
  expect(at('http://127.0.0.1:4000/v1')).not.toThrow()
})

test('[AGT-21] [AGT-49] a key in a file is its owner’s alone, and one that is missing is told with its place', async () => {
  write({ providers: { mine: { kind: 'openai', key: { file: 'mine.key' } } } })
  const opened = () => models().open('mine:x')
  expect(await opened()).toMatchObject({ needsKey: expect.stringContaining(join(folder, 'mine.key')) as string })
  writeFileSync(join(folder, 'mine.key'), 'sk-in-a-file\n', { mode: 0o644 })
  chmodSync(join(folder, 'mine.key'), 0o644)
  expect(await opened()).toMatchObject({
    needsKey: expect.stringMatching(/can be read by others: chmod 600 it$/) as string,
  })
  chmodSync(join(folder, 'mine.key'), 0o600)
  expect(await opened()).toHaveProperty('model')
  writeFileSync(join(folder, 'mine.key'), 'two words\n')
  expect(await opened()).toMatchObject({ needsKey: expect.stringMatching(/holds no key$/) as string })
  expect(await models().open('openai:gpt-4o')).toMatchObject({
    needsKey: 'openai has no key: OPENAI_API_KEY is not set',
  })
  expect(models().providers()).toContainEqual({ name: 'openai', kind: 'openai', needsKey: 'OPENAI_API_KEY is not set' })
})

test('[AGT-21] a key follows no redirect to another place', async () => {
  const heard: unknown[] = []
  const thief = createServer((req, res) => {
    heard.push(req.headers)
    res.end()
  })
  await new Promise<void>((resolve) => thief.listen(0, '127.0.0.1', resolve))
  const location = `http://127.0.0.1:${(thief.address() as AddressInfo).port}/v1/messages`
  const server = await startModelServer({ script: () => ({ status: 307, headers: { location } }) })
  write({ providers: { a: { kind: 'anthropic', baseUrl: server.url, key: { env: 'A_KEY' } } } })
  const { open } = models({ A_KEY: 'sk-redirected' })
  const opened = await open('a:x')
  if ('needsKey' in opened) throw new Error(opened.needsKey)
  const result = opened.model.doStream({ prompt: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }] })
  await expect(Promise.resolve(result)).rejects.toThrow()
  expect(heard).toEqual([])
  await Promise.all([server.close(), new Promise((resolve) => thief.close(resolve))])
})

test('[AGT-21] [AGT-11] a key that a provider says back stands nowhere: not in what is kept, told or answered', async () => {
  const key = 'sk-live-0123456789'
  const server = await startModelServer({
    script: [
      { status: 503, message: `try later, ${key}`, headers: { 'retry-after': '0' } },
      { status: 401, message: `Incorrect API key provided: ${key}` },
    ],
  })
  write({ providers: { o: { kind: 'openai', baseUrl: server.url, key: { env: 'O_KEY' } } } })
  const { open, redact } = models({ O_KEY: key })
  const seen: unknown[] = []
  const world = newWorld('hello')
  const opened = await open('o:x')
  if ('needsKey' in opened) throw new Error(opened.needsKey)
  const ports = processOf({ world, model: opened, redact, clock: systemClock })
  const told = { ...ports.told, retryAt: (wait: unknown) => void seen.push(wait) }
  seen.push(await runAgent({ ...ports, told }), world)
  expect(server.log[0]?.headers.authorization).toBe(`Bearer ${key}`)
  expect(JSON.stringify(seen)).toContain('[key]')
  expect(JSON.stringify(seen)).not.toContain(key)
  await server.close()
})

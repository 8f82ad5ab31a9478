import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { systemClock } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import { startModelServer, type Script } from '../testing/model-server.ts'
import { detectAgents } from './detect-agents.ts'
import { detectServers, probeTools } from './detect-servers.ts'

const never = new AbortController().signal
const portOf = (url: string) => Number(new URL(url).port)

test('[AGT-55] servers of models on this machine are found with their models, and whatever else listens there is not', async () => {
  const local = await startModelServer({ script: [], models: ['qwen3-coder', 'gpt-oss:20b'] })
  const page = createServer((_req, res) => res.end('<html>a page</html>'))
  const endless = createServer((_req, res) => {
    const more = () => void (res.destroyed || res.write('x'.repeat(60_000), more))
    more()
  })
  const silent = createServer(() => asked.resolve())
  const asked = Promise.withResolvers<void>()
  const others = [page, endless, silent]
  await Promise.all(others.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))))
  const among = [
    { name: 'a', title: 'A', port: portOf(local.url) },
    ...others.map((server, i) => ({ name: `o${i}`, title: 'O', port: (server.address() as AddressInfo).port })),
    { name: 'none', title: 'None', port: 1 },
  ]
  const clock = fakeClock()
  const found = detectServers({ clock, signal: never, among: among.filter(({ name }) => name !== 'o1') })
  await asked.promise
  // The one that says nothing is given up; the others have answered, or do so in their own time.
  const quick = detectServers({ clock: systemClock, signal: never, among: among.filter(({ name }) => name !== 'o2') })
  expect(await quick).toEqual([{ name: 'a', title: 'A', baseUrl: local.url, models: ['qwen3-coder', 'gpt-oss:20b'] }])
  clock.advance(1_500)
  expect((await found).length).toBeLessThanOrEqual(1)
  others.forEach((server) => server.closeAllConnections())
  await Promise.all([local.close(), ...others.map((server) => new Promise((resolve) => server.close(resolve)))])
})

test('[AGT-55] whether a model calls tools is tried, and where it does not it is said why', async () => {
  const probe = async (script: Script) => {
    const server = await startModelServer({ script })
    const model = createOpenAICompatible({ baseURL: server.url, name: 'local' })('m')
    const answer = await probeTools(model, { clock: systemClock, signal: never })
    await server.close()
    return answer
  }
  expect(await probe([{ parts: [{ tool: 'report', input: { word: 'ready' } }] }])).toEqual({ callsTools: true })
  expect(await probe([{ parts: [{ text: '{"name": "report"}' }] }])).toMatchObject({
    callsTools: false,
    reason: /in words/,
  })
  expect(await probe([{ parts: [{ tool: 'report', raw: '{"wo' }] }])).toMatchObject({
    callsTools: false,
    reason: /report was not run/,
  })
  const parser = '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'
  expect(await probe([{ status: 400, message: parser }])).toEqual({ callsTools: false, reason: parser })
})

test('[AGT-55] agents on the PATH are named and not run, and none of the workspace’s', () => {
  const home = mkdtempSync(join(tmpdir(), 'tandem-agents-'))
  const workspace = join(home, 'project')
  for (const [folder, names] of [
    ['bin', ['goose', 'claude-code-acp']],
    ['project/bin', ['opencode', 'goose']],
  ] as const) {
    mkdirSync(join(home, folder), { recursive: true })
    for (const name of names) {
      writeFileSync(join(home, folder, name), `#!/bin/sh\ntouch ${home}/it-ran\n`)
      chmodSync(join(home, folder, name), 0o755)
    }
  }
  const found = detectAgents({ path: `${workspace}/bin:${home}/bin`, workspace })
  expect(found.filter(({ file }) => file.startsWith(home))).toEqual([
    { name: 'claude-code', title: 'Claude Code', file: `${home}/bin/claude-code-acp`, args: [] },
    { name: 'goose', title: 'Goose', file: `${home}/bin/goose`, args: ['acp'] },
  ])
  rmSync(home, { recursive: true })
})

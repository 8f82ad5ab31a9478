import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env } from 'node:process'
import { openGate } from '@tandem/daemon/gate'
import { readPolicy } from '@tandem/daemon/policy'
import type { Tandem } from '@tandem/e2e'
import { createId, silentLog, systemClock, TaskPayload, type Task } from '@tandem/shared'
import { pause } from './pause.ts'
import type { Row } from './stats.ts'

const [colds, warms, asked] = [8, 30, 20]
/** So that the process that waits for the next is ready. */
const restMs = 700
const begunMs = 3_000
const code = 'export default async (env) => env.ECHO.ping()'
const typed = 'export default async (env: any): Promise<number> => (await env.ECHO.echo({ a: 1 })).a'

/** A snippet that makes one call: through the executor of a daemon, first and later, and over REST with all that is between. */
export async function isolate(tandem: Tandem): Promise<Row[]> {
  const [cold, warm, warmTyped, node]: [number[], number[], number[], number[]] = [[], [], [], []]
  for (let i = 0; i < colds; i++) {
    await withGate(async (run) => {
      cold.push(await run(code))
      for (let k = 0; k < warms / colds; k++) {
        await pause(restMs)
        warm.push(await run(code))
      }
      await run(typed, { language: 'typescript' })
      await pause(restMs)
      warmTyped.push(await run(typed, { language: 'typescript' }))
      node.push(await run(`import 'node:fs'\n${code}`))
    })
  }
  return [
    { what: 'snippet -> its result, from a process that waits', samples: warm, note: 'goal 10' },
    { what: 'the same in TypeScript, prepared before', samples: warmTyped },
    { what: 'snippet -> its result, the first of a daemon', samples: cold, note: 'goal 250' },
    { what: 'snippet -> its result, as Node in the sandbox', samples: node },
    { what: 'snippet asked for -> its result (REST)', samples: await overRest(tandem) },
  ]
}

async function overRest(tandem: Tandem): Promise<number[]> {
  const samples: number[] = []
  // One that has just begun is measured above.
  await pause(begunMs)
  for (let i = 0; i < asked; i++) {
    const from = performance.now()
    const answer = await tandem.api(`/api/v1/workspaces/${tandem.ready.workspaceId}/execute`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code }),
    })
    const { result } = (await answer.json()) as { result?: unknown }
    if (result !== 'pong') throw new Error(`a snippet gave ${String(result)}: ${answer.status}`)
    samples.push(performance.now() - from)
    await pause(restMs)
  }
  return samples
}

type Run = (text: string, more?: object) => Promise<number>

async function withGate(use: (run: Run) => Promise<void>): Promise<void> {
  const workspace = mkdtempSync(join(tmpdir(), 'tandem-bench-'))
  const stop = new AbortController()
  try {
    const { policy } = readPolicy({ environment: { HOME: workspace }, workspace })
    const gate = await openGate({
      ...{ workspace, policy, environment: env, unsafe: false, history: '' },
      ...{ bootId: createId(), clock: systemClock, log: silentLog, signal: stop.signal },
    })
    if (gate.state.tier !== 'full') throw new Error(gate.state.reason)
    await use(async (text, more = {}) => {
      const payload = TaskPayload.parse({ kind: 'code', code: text, ...more })
      const never = new AbortController().signal
      const from = performance.now()
      const { state, result } = await gate.execute({ id: createId(), attempt: 1, payload } as Task, {
        ...{ timeoutMs: 30_000, onOutput: () => {}, signal: never, killSignal: never },
        ...{ onProcess: () => () => {}, onTerminal: () => {} },
      })
      if (state !== 'completed') throw new Error(`a snippet ended ${state}: ${result.error}`)
      return performance.now() - from
    })
  } finally {
    stop.abort()
    rmSync(workspace, { recursive: true, force: true })
  }
}

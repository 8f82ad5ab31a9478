import { createId, systemClock } from '@tandem/shared'
import { afterAll, expect, test, vi } from 'vitest'
import { createBed, realPodman, standIn, triesPodman, type Bed, type Engine } from '../containers/fixture.ts'
import { createFetch } from '../egress/fetch.ts'
import { createNodeGuests } from '../isolate/run-node.ts'
import { defaultPolicy } from '../sandbox/policy.ts'
import { code, nodePrograms } from './code-programs.suite.ts'
import { describeExecutor } from './executor.suite.ts'
import type { Executor } from './execute.ts'
import { codeExecutor } from './run-code.ts'
import { createVirtual } from './virtual.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const engines: [how: string, open: () => Engine][] = [['by a stand-in', standIn]]
if (triesPodman) engines.push(['by Podman', realPodman])

const stops: (() => void)[] = []
afterAll(() => stops.forEach((stop) => stop()))

function open(engine: Engine, graceMs = 0): { executor: Executor; bed: Bed } {
  const bed = createBed(engine)
  const stop = new AbortController()
  const containers = bed.open({ signal: stop.signal, clock: systemClock })
  stops.push(() => stop.abort())
  const policyNow = () => ({ ...defaultPolicy, limits: { ...defaultPolicy.limits, graceMs } })
  const none = () => Promise.reject(new Error('there are no programs here'))
  const reach = { allow: [], deny: [], methods: [], allowPrivate: [], ports: [] }
  const executor = codeExecutor({
    isolate: undefined,
    node: createNodeGuests({ runner: containers.runnerFor(undefined), workspace: bed.workspace }),
    containerFor: (session) => {
      const runner = containers.runnerFor(session)
      return { guests: createNodeGuests({ runner, workspace: bed.workspace, node: 'node' }), tier: runner.tier }
    },
    policyNow,
    tier: 'full',
    virtual: createVirtual({ project: undefined, command: none, policyNow, clock: systemClock }),
    fetchFor: async () => createFetch({ reach, clock: systemClock, record: () => {} }),
  }) as Executor
  return { executor, bed }
}

for (const [how, openEngine] of engines) {
  describeExecutor('code', `in a container ${how}`, async (graceMs) => {
    const engine = openEngine()
    const { executor, bed } = open(engine, graceMs)
    const programs = {
      ...nodePrograms({ runner: 'container' }),
      absent: { payload: code('export default 1', { runner: 'isolate' }), says: /no isolate here/ },
    }
    const remove = () => {
      for (const stop of stops.splice(0)) stop()
      for (const each of [bed, engine]) each.remove()
    }
    return { executor, workspace: bed.workspace, programs, remove }
  })

  test(`[S171] [SBX-380] in a container ${how} code has its bindings and its errors, as elsewhere, and says where it ran`, async () => {
    const engine = openEngine()
    const { executor, bed } = open(engine)
    const run = async (text: string, more: object = {}) => {
      const never = new AbortController().signal
      return executor({
        task: { id: createId(), attempt: 1 },
        payload: code(text, { runner: 'container', language: 'typescript', ...more }),
        timeoutMs: 60_000,
        onOutput: () => {},
        signal: never,
        killSignal: never,
        onProcess: () => () => {},
        onTerminal: () => {},
      })
    }
    const good = await run(`export default async (env: any) => {
      await env.FS.writeFile('/x', 'text')
      return [await env.FS.readFile('/x'), await env.ECHO.ping(), process.getuid?.()]
    }`)
    const { uid } = bed.machine.identity
    const result = JSON.stringify(['text', 'pong', uid])
    expect(good).toMatchObject({
      state: 'completed',
      result: { sandbox: 'reduced', execution: { ranIn: 'container', result } },
    })
    expect(await run(`\nthrow new RangeError('no')`)).toMatchObject({
      state: 'failed',
      result: { execution: { errors: [{ category: 'runtime', name: 'RangeError', line: 2 }] } },
    })
    for (const each of [bed, engine]) each.remove()
  })
}

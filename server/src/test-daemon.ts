import { createId, type Id, type TaskResult } from '@tandem/shared'
import { openTaskLog, type LogChunk } from '@tandem/shared/docs'
import { vi } from 'vitest'
import { acknowledged, testClient, type TestServer } from './test-server.ts'

const patience = { timeout: 10_000, interval: 5 }

/** For tests: a daemon whose every word the test says. */
export async function playDaemon(server: TestServer, name: string, { slots = 3, capabilities = [] as string[] } = {}) {
  const daemon = { id: createId(), name, shared: true }
  const client = await testClient(server, { daemon })
  const own = await client.open({ kind: 'daemon', daemonId: daemon.id })
  const heard = (t: string) => own.stateless.filter((m) => (m as { t: string }).t === t) as Record<string, unknown>[]
  const say = (message: object) => own.provider.sendStateless(JSON.stringify(message))
  let n = 0
  say({ t: 'hello', protocol: 1, bootId: createId(), mono: 1, slots, running: [], capabilities, lastGrantSeq: 0 })
  await vi.waitUntil(() => heard('hello-ack').length > 0, patience)
  const stateOf = async (task: Id) =>
    ((await (await server.inWorkspace(`/tasks/${task}`)).json()) as { state: string }).state

  /** Claims a task and begins it; resolves once everybody can see that. */
  const begin = async (task: Id, attempt = 1) => {
    say({ t: 'claim', n: ++n, task, mono: 2 })
    await vi.waitUntil(() => heard('grant').some((g) => g['task'] === task && g['attempt'] === attempt), patience)
    const { doc, provider } = await client.open({ kind: 'log', taskId: task, attempt })
    const log = openTaskLog(doc)
    say({ t: 'report', n: ++n, task, attempt, state: 'running' })
    await vi.waitUntil(async () => (await stateOf(task)) === 'running', patience)
    let [q, o] = [0, 0]
    return {
      /** Puts out the same chunk so many times; resolves once the server has it on disk. */
      write: async (text: string | Uint8Array, s: LogChunk['s'] = 1, times = 1) => {
        const d = new Uint8Array(typeof text === 'string' ? new TextEncoder().encode(text) : text)
        log.append(
          Array.from({ length: times }, () => {
            const chunk = { q: q++, o, t: 0, s, d }
            o += d.length
            return chunk
          }),
        )
        await acknowledged(provider)
      },
      end: async (state: 'completed' | 'failed' | 'cancelled' | 'timed_out', result: TaskResult = { exitCode: 0 }) => {
        say({ t: 'report', n: ++n, task, attempt, state, result })
        await vi.waitUntil(async () => (await stateOf(task)) === state, patience)
      },
    }
  }
  return { id: daemon.id, say, heard, begin }
}

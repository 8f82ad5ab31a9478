import { onTestFinished, vi } from 'vitest'
import type { TestServer } from './test-server.ts'

export type Heard = { event: string; id?: string; data: Record<string, unknown> }

/** For tests: listens to server-sent events as a program would, until the test ends or `stop`. */
export async function listenTo(server: TestServer, route: string, headers: Record<string, string> = {}) {
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const answer = await server.inWorkspace(route, { headers, signal: stop.signal })
  const heard: Heard[] = []
  const comments: string[] = []
  const state = { ended: false }
  const read = async () => {
    let text = ''
    for await (const piece of answer.body ?? []) {
      text += Buffer.from(piece).toString()
      const parts = text.split('\n\n')
      text = parts.pop() ?? ''
      for (const part of parts) {
        if (part.startsWith(':')) {
          comments.push(part)
          continue
        }
        const fields = Object.fromEntries(part.split('\n').map((line) => line.split(/: (.*)/s) as [string, string]))
        const { event = '', id, data = '{}' } = fields
        heard.push({ event, ...(id !== undefined && { id }), data: JSON.parse(data) as Record<string, unknown> })
      }
    }
    state.ended = true
  }
  void read().catch(() => {}) // Cut by the test.
  return {
    answer,
    heard,
    comments,
    state,
    stop: () => stop.abort(),
    of: (event: string) => heard.filter((h) => h.event === event).map(({ data }) => data),
    lastId: () => heard.findLast((h) => h.id !== undefined)?.id ?? '',
    ended: () => vi.waitUntil(() => state.ended, { timeout: 10_000, interval: 5 }),
  }
}

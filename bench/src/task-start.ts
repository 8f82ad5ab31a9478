import { spawn } from 'node:child_process'
import type { Tandem } from '@tandem/e2e'
import { pause } from './pause.ts'
import type { Row } from './stats.ts'

const count = 40

/** A task asked for over REST until its process starts, and until it is over; the floor is starting the same without us. */
export async function taskStart(tandem: Tandem): Promise<Row[]> {
  const path = `/api/v1/workspaces/${tandem.ready.workspaceId}/tasks`
  const [toStart, toEnd, raw]: [number[], number[], number[]] = [[], [], []]
  for (let i = 0; i < count; i++) {
    await pause(50)
    const body = JSON.stringify({ payload: { kind: 'command', command: 'true' } })
    const headers = { 'content-type': 'application/json' }
    const from = performance.now()
    const { id } = (await (await tandem.api(path, { method: 'POST', body, headers })).json()) as { id: string }
    for (;;) {
      const task = (await (await tandem.api(`${path}/${id}`)).json()) as {
        createdAt: string
        startedAt?: string
        completedAt?: string
      }
      if (task.completedAt && task.startedAt) {
        toEnd.push(performance.now() - from)
        toStart.push(Date.parse(task.startedAt) - Date.parse(task.createdAt))
        break
      }
      await pause(5)
    }
    const rawFrom = performance.now()
    await new Promise((resolve) => spawn('true', { stdio: 'ignore' }).once('exit', resolve))
    raw.push(performance.now() - rawFrom)
  }
  return [
    { what: 'task created -> process started', samples: toStart, note: 'by the server’s clock, whole ms' },
    { what: 'task asked for -> its end known (REST)', samples: toEnd, floor: { what: 'spawn and exit', samples: raw } },
  ]
}

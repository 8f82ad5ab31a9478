import { spawn } from 'node:child_process'
import type { Tandem } from '@tandem/e2e'
import { pause } from './pause.ts'
import type { Row } from './stats.ts'
import { msToStart, taskApi } from './task-api.ts'

const count = 100

/** A task asked for over REST until its process starts, and until it is over; the floor is starting the same without us. */
export async function taskStart(tandem: Tandem): Promise<Row[]> {
  const { ask, ended } = taskApi(tandem)
  const [toStart, toEnd, raw]: [number[], number[], number[]] = [[], [], []]
  for (let i = 0; i < count; i++) {
    await pause(50)
    const from = performance.now()
    const task = await ended(await ask('true'), 5)
    toEnd.push(performance.now() - from)
    toStart.push(msToStart(task))
    const rawFrom = performance.now()
    await new Promise((resolve) => spawn('true', { stdio: 'ignore' }).once('exit', resolve))
    raw.push(performance.now() - rawFrom)
  }
  return [
    { what: 'task created -> process started', samples: toStart, note: 'by the server’s clock, whole ms' },
    { what: 'task asked for -> its end known (REST)', samples: toEnd, floor: { what: 'spawn and exit', samples: raw } },
  ]
}

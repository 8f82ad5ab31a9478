import { createId, isHeld, type Task, taskStates } from '@tandem/shared'
import { expect, test } from 'vitest'
import { taskOf } from './in-memory.suite.ts'
import { next, type TaskEvent } from './transitions.ts'

const daemonId = createId()
const lease = { daemonId, bootId: createId(), grantSeq: 1, expiresAt: 9 }
const task = (state: Task['state'], more: Partial<Task> = {}): Task =>
  taskOf(state, { ...(isHeld(state) ? { lease } : {}), ...more })

const events: readonly TaskEvent[] = [
  { t: 'proceed', to: { state: 'queued' } },
  { t: 'drop', code: 'dependency', reason: 'r' },
  { t: 'expire' },
  { t: 'ask', approvalId: createId(), reason: 'r' },
  { t: 'approve' },
  { t: 'reject', reason: 'no' },
  { t: 'refuse', result: { error: 'no' } },
  { t: 'pass', by: { daemonId, name: 'laptop', code: 'no', reason: 'no' } },
  { t: 'grant', lease },
  { t: 'start' },
  { t: 'unseen' },
  { t: 'seen' },
  { t: 'return', reason: 'stopped' },
  { t: 'lose', reason: 'gone' },
  { t: 'end', state: 'completed', result: { exitCode: 0 } },
  { t: 'cancel', by: daemonId, force: false },
  { t: 'retry', to: { state: 'queued' } },
]

test('[TSK-10] of all events in all states only the lawful ones change a task', () => {
  const table = Object.fromEntries(
    taskStates.map((state) => [
      state,
      events.flatMap((e) => (next(task(state), e, 5) ? [`${e.t} > ${next(task(state), e, 5)?.state}`] : [])),
    ]),
  )
  expect(table).toMatchInlineSnapshot(`
    {
      "awaiting_approval": [
        "drop > cancelled",
        "approve > queued",
        "reject > cancelled",
        "cancel > cancelled",
      ],
      "blocked": [
        "proceed > queued",
        "drop > cancelled",
        "cancel > cancelled",
      ],
      "cancelled": [
        "retry > queued",
      ],
      "cancelling": [
        "start > running",
        "unseen > disconnected",
        "return > queued",
        "lose > lost",
        "end > completed",
        "cancel > cancelling",
      ],
      "completed": [
        "retry > queued",
      ],
      "disconnected": [
        "start > running",
        "seen > running",
        "return > queued",
        "lose > lost",
        "end > completed",
        "cancel > disconnected",
      ],
      "failed": [
        "retry > queued",
      ],
      "leased": [
        "start > running",
        "unseen > disconnected",
        "seen > running",
        "return > queued",
        "lose > lost",
        "end > completed",
        "cancel > cancelling",
      ],
      "lost": [
        "end > completed",
        "retry > queued",
      ],
      "queued": [
        "drop > cancelled",
        "expire > timed_out",
        "ask > awaiting_approval",
        "refuse > failed",
        "pass > queued",
        "grant > leased",
        "cancel > cancelled",
      ],
      "running": [
        "start > running",
        "unseen > disconnected",
        "return > queued",
        "lose > lost",
        "end > completed",
        "cancel > cancelling",
      ],
      "scheduled": [
        "proceed > queued",
        "drop > cancelled",
        "cancel > cancelled",
      ],
      "timed_out": [
        "retry > queued",
      ],
    }
  `)
})

test('[TSK-160] when an attempt began is told once, also where a hello told before that it runs', () => {
  const granted = next(task('queued'), { t: 'grant', lease }, 1) as Task
  const seen = next(granted, { t: 'seen' }, 2) as Task
  expect(seen.state).toBe('running')
  const begun = next(seen, { t: 'start' }, 3) as Task
  expect(begun).toMatchObject({ state: 'running', startedAt: 3, attempts: [{ n: 1, startedAt: 3 }] })
  expect(next(begun, { t: 'start' }, 4)).toBeUndefined()
  // Said again, its answer lost with the link: it is under way again, and began when it began.
  const away = next(begun, { t: 'unseen' }, 5) as Task
  expect(next(away, { t: 'start' }, 6)).toMatchObject({ state: 'running', startedAt: 3, attempts: [{ startedAt: 3 }] })
})

test('[TSK-11] a lease stands in a record exactly while a daemon holds the task', () => {
  for (const state of taskStates) {
    for (const event of events) {
      const after = next(task(state), event, 5)
      if (after) expect(after.lease !== undefined, `${state} ${event.t}`).toBe(isHeld(after.state))
    }
  }
})

test('[TSK-2] attempts only grow, and the last ten are kept', () => {
  let now = task('queued', { onLost: 'requeue' })
  for (let i = 0; i < 30; i++) {
    const granted = next(now, { t: 'grant', lease }, 5)
    expect(granted?.attempt).toBe(now.attempt + 1)
    const ended = next(granted ?? now, { t: 'end', state: 'failed', result: { exitCode: 1 } }, 6)
    now = next(ended ?? now, { t: 'retry', to: { state: 'queued' } }, 7) ?? now
  }
  expect(now.attempts.map((a) => a.n)).toEqual([21, 22, 23, 24, 25, 26, 27, 28, 29, 30])
  expect(now.attempts.at(-1)).toMatchObject({ outcome: 'failed', exitCode: 1, endedAt: 6 })
})

test('[TSK-12] a lost task is queued again only where that was asked for, and not for ever', () => {
  expect(next(task('disconnected'), { t: 'lose', reason: 'gone' }, 5)).toMatchObject({ state: 'lost', reason: 'gone' })
  const again = next(task('disconnected', { onLost: 'requeue' }), { t: 'lose', reason: 'gone' }, 5)
  expect(again).toMatchObject({ state: 'queued', attempts: [{ n: 1, outcome: 'lost' }] })
  expect(next(task('running', { onLost: 'requeue', retries: 4 }), { t: 'lose', reason: 'gone' }, 5)?.state).toBe('lost')
  const unwanted = task('running', { onLost: 'requeue', cancel: { by: daemonId, at: 1, force: false } })
  expect(next(unwanted, { t: 'lose', reason: 'gone' }, 5)?.state).toBe('cancelled')
})

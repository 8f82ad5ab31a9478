import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isTerminal, type TaskState } from '@tandem/shared'
import { randomFrom } from '@tandem/shared/testing'
import { startMirror } from './harness/mirror.ts'
import { startTandem } from './harness/tandem.ts'
import { until } from './harness/until.ts'
import { judgeOutputs, type AttemptsOf } from './task-outputs.ts'

export type FaultCounts = Record<'tasks' | 'attempts' | 'kills' | 'stops' | 'cuts' | 'doubled' | 'stuck', number>
export const noFaults = (): FaultCounts => ({
  tasks: 0,
  attempts: 0,
  kills: 0,
  stops: 0,
  cuts: 0,
  doubled: 0,
  stuck: 0,
})

/** Leases short enough to end often, and to be given to another within a long stop. */
const env = { TANDEM_HELLO_MS: '400', TANDEM_UNSEEN_MS: '1000', TANDEM_LEASE_MS: '2000' }
/** Shared with nobody, so that each machine has one of its own. */
const ledger = 'node_modules/ledger'
/** A command tells every tenth of a second that it still runs, and which attempt it is; and puts out a line (`lineOf`). */
const beats = (times: number) =>
  `n=0; while [ $n -lt ${times} ]; do echo "$TANDEM_TASK_ID $TANDEM_TASK_ATTEMPT $n $(date +%s%N)" >> ${ledger}; printf '%d %0200d\\n' $n 0; n=$((n+1)); sleep 0.1; done`

type View = AttemptsOf & { state: TaskState; reason?: string }
type Beat = { task: string; attempt: number; n: number; at: bigint; machine: number }

/**
 * For `ms` two daemons run tasks while server and daemons are killed (-9) and stopped (SIGSTOP), and a link is cut. Then
 * everything is mended. Throws where an attempt was begun twice, two of one task ran at a time, one never ends, or what
 * it put out is not there, once and in order.
 */
export async function taskFaults(
  { seed, ms, restMs }: { seed: number; ms: number; restMs: number },
  counts: FaultCounts,
  signal?: AbortSignal,
): Promise<void> {
  const random = randomFrom(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const files = { [ledger]: '' }
  const tandem = await startTandem({ files, args: ['--shared'], env })
  const other = await startMirror(tandem, { files, env })
  const at = `/api/v1/workspaces/${tandem.ready.workspaceId}/tasks`
  let n = 0
  const create = async () => {
    const body = JSON.stringify({
      title: `${++n}`,
      payload: {
        kind: 'command',
        command: beats(2 + Math.floor(random() ** 3 * Math.min(120, ms / 100))),
        shell: true,
      },
      onLost: pick(['keep', 'requeue']),
      timeoutMs: 60_000,
      ...(random() < 0.3 ? { retry: { max: 2, backoffMs: 200, on: ['lost'] } } : {}),
      ...(random() < 0.2 ? { concurrency: { key: 'one' } } : {}),
    })
    // A server on its way up does not answer.
    await tandem
      .api(at, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
        signal: AbortSignal.timeout(5_000),
      })
      .catch(() => {})
  }
  const list = async (): Promise<View[]> => {
    const all: View[] = []
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const answer = await tandem.api(`${at}?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`)
      const page = (await answer.json()) as { tasks: View[]; cursor?: string }
      all.push(...page.tasks)
      cursor = page.cursor
    }
    return all
  }
  const stopped = new Map<number, NodeJS.Timeout>()
  const goOn = (pid: number) => {
    clearTimeout(stopped.get(pid))
    stopped.delete(pid)
    signalTo(pid, 'SIGCONT')
  }
  let returning: Promise<unknown> | undefined
  const restart = () => {
    returning ??= other
      .kill()
      .then(other.start)
      .finally(() => (returning = undefined))
    counts.kills++
  }
  const deeds: [weight: number, deed: () => unknown][] = [
    [30, create],
    [
      3,
      () => {
        const pid = tandem.pidOf(pick(['daemon', 'daemon', 'server']))
        if (pid === undefined || stopped.has(pid)) return
        signalTo(pid, 'SIGKILL')
        counts.kills++
      },
    ],
    [1, () => (other.isUp() ? restart() : undefined)],
    [
      3,
      () => {
        const pid = pick([tandem.pidOf('daemon'), other.pid(), tandem.pidOf('server')])
        if (pid === undefined || stopped.has(pid)) return
        signalTo(pid, 'SIGSTOP')
        stopped.set(
          pid,
          setTimeout(() => goOn(pid), random() < 0.3 ? 10_000 + random() * 6_000 : random() * 5_000),
        )
        counts.stops++
      },
    ],
    [2, () => (other.cut(), counts.cuts++)],
    [3, other.mend],
  ]
  const all = deeds.flatMap(([weight, deed]) => Array.from({ length: weight }, () => deed))
  try {
    for (const end = Date.now() + ms; Date.now() < end && !signal?.aborted;) {
      await pick(all)()
      await new Promise((resolve) => setTimeout(resolve, random() * 400))
    }
  } finally {
    for (const pid of stopped.keys()) goOn(pid)
    other.mend()
    await returning
  }
  const tasks = await until(
    `every task has ended (seed ${seed})`,
    async () => {
      const now = await list().catch(() => [])
      return now.length > 0 && now.every(({ state }) => isTerminal(state)) && now
    },
    restMs,
  ).catch(async (e: unknown) => {
    const open = (await list()).filter(({ state }) => !isTerminal(state))
    counts.stuck += open.length
    throw new Error(`${String(e)}: ${open.map((t) => `${t.title} is ${t.state}, ${t.reason}`).join('; ')}`, {
      cause: e,
    })
  })
  counts.tasks += tasks.length
  const told = [tandem.folder, other.folder].flatMap(beatsIn)
  const linesOf = new Map(
    [...Map.groupBy(told, ({ task, attempt }) => `${task}.${attempt}`)].map(([key, its]) => [key, its.length]),
  )
  const readLog = async (task: string, attempt: number) => {
    const answer = await tandem.api(`${at}/${task}/log?attempt=${attempt}&format=json`)
    if (!answer.ok) throw new Error(`the output of ${task}.${attempt} is not to be had: ${answer.status}`)
    return new Uint8Array(await answer.arrayBuffer())
  }
  const lines = (task: string, attempt: number) => linesOf.get(`${task}.${attempt}`) ?? 0
  const wrong = [...judge(told), ...(await judgeOutputs(tasks, readLog, lines))]
  counts.attempts += new Set(told.map(({ task, attempt }) => `${task}.${attempt}`)).size
  counts.doubled += wrong.length
  await other.stop()
  await tandem.stop()
  if (wrong.length > 0) throw new Error(`seed ${seed}: ${wrong.join('; ')}`)
}

function beatsIn(folder: string, machine: number): Beat[] {
  const path = join(folder, ledger)
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []
  return lines.filter(Boolean).map((line) => {
    const [task = '', attempt = '', n = '', at = '0'] = line.split(' ')
    return { task, attempt: Number(attempt), n: Number(n), at: BigInt(at), machine }
  })
}

/** What was begun twice, or ran beside another attempt of its task. */
function judge(told: readonly Beat[]): string[] {
  const wrong: string[] = []
  for (const [task, beatsOfTask] of Map.groupBy(told, (beat) => beat.task)) {
    const attempts = [...Map.groupBy(beatsOfTask, ({ attempt }) => attempt)].toSorted(([a], [b]) => a - b)
    let last = 0n
    for (const [attempt, its] of attempts) {
      const begun = its.filter(({ n }) => n === 0).length
      if (begun !== 1) wrong.push(`attempt ${attempt} of ${task} was begun ${begun} times`)
      const ordered = its.map(({ at }) => at).toSorted((a, b) => (a < b ? -1 : 1))
      if ((ordered[0] ?? 0n) < last) wrong.push(`attempt ${attempt} of ${task} ran beside the one before`)
      last = ordered.at(-1) ?? last
    }
  }
  return wrong
}

function signalTo(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended already.
  }
}

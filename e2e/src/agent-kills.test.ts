import { resultsIn } from '@tandem/daemon/run-bed'
import { randomFrom } from '@tandem/shared/testing'
import { expect, onTestFinished, test } from 'vitest'
import { agentBed, makeFile, runOf } from './agent-bed.ts'
import { until } from './harness/until.ts'

/** Ends a process at its n-th moment, or the first of that kind. Afterwards nothing of it is done any more. */
function killedAt(n: number | 'executed') {
  let [passed, isDead] = [0, false]
  let kill = () => {}
  let died = () => {}
  const death = new Promise<void>((resolve) => (died = resolve))
  const point = (what?: string) => {
    if (!isDead && (passed++ === n || what === n)) {
      isDead = true
      kill()
      died()
    }
    if (isDead) throw new Error('killed')
  }
  return { point, death, passed: () => passed, endsWith: (how: () => void) => void (kill = how) }
}

/** What the scripted model does about job n, as follows from what was said so far alone. */
function jobTurn({ body }: { body: { messages?: readonly unknown[] } }) {
  const messages = (body.messages ?? []) as { role: string; content: unknown }[]
  const n = /job (\d+)/.exec(JSON.stringify(messages))?.[1] ?? '0'
  // Those that run at once have files of their own: what they do to each other is tried elsewhere.
  const lane = Number(n) % 3
  const edits = [{ oldText: '// end', newText: `// job ${n}\n// end` }]
  const turns = [
    [
      { text: `I begin job ${n}.` },
      { tool: 'editFile', id: 'edit', input: { path: `list-${lane}.ts`, edits } },
      { tool: 'readFile', id: 'read', input: { path: `list-${lane}.ts` } },
    ],
    [
      { tool: 'writeFile', id: 'write', input: { path: `made-${n}.ts`, content: `${n}\n` } },
      { tool: 'bash', id: 'bash', input: { script: `echo 'job ${n}' >> log-${lane}.txt` } },
    ],
    [{ text: 'Now I remove it.' }, { tool: 'bash', id: 'remove', input: { script: `rm made-${n}.ts` } }],
    [{ text: 'All done.' }],
  ]
  return { parts: turns[messages.filter(({ role }) => role === 'assistant').length] ?? [] }
}

/** So often three runs at once have their daemon killed; 17 times is what the promise speaks of, and takes a minute. */
const rounds = 2

test('[AGT-10] [AGT-40] [AGT-129] [S278] [S279] killed at any moment, runs go on in another process: each call is done once, or said to be unknown', async () => {
  let point = () => {}
  const t = await agentBed((request) => {
    try {
      point()
    } catch {
      return { hang: true }
    }
    return jobTurn(request)
  })
  const lanes = [0, 1, 2]
  const made = (path: string, text: string) => makeFile(t.ada, t.files, path, text)
  const lists = await Promise.all(lanes.map((lane) => made(`list-${lane}.ts`, '// end\n')))
  const logs = await Promise.all(lanes.map((lane) => made(`log-${lane}.txt`, 'log\n')))
  // A person says yes to whatever is asked.
  const stop = t.ops.approvals.subscribe(() => {
    for (const { id, state } of t.ops.approvals.snapshot().values())
      if (state === 'pending') void t.post(`/approvals/${id}/approve`, {}).catch(() => {})
  })
  onTestFinished(stop)

  const live = async (at: Parameters<typeof killedAt>[0]) => {
    const killed = killedAt(at)
    point = killed.point
    const daemon = await t.daemon({ point: killed.point })
    killed.endsWith(() => void daemon.kill())
    return { daemon, killed }
  }
  let deaths = 0
  const check = async (n: number, id: string) => {
    const run = await runOf(t, id)
    const messages = run.messages.snapshot().map(({ message }) => message)
    const results = resultsIn(messages as Parameters<typeof resultsIn>[0])
    expect(Object.keys(results).toSorted()).toEqual(['bash', 'edit', 'read', 'remove', 'write'])
    for (const [call, said] of Object.entries(results)) expect(said, call).toHaveLength(1)
    const isUnknown = (call: string) => results[call]?.[0]?.includes('outcome unknown') === true
    const times = (file: (typeof lists)[number] | undefined) =>
      (file?.text.toString() ?? '').split(`job ${n}\n`).length - 1
    const [list, log] = [lists[n % 3], logs[n % 3]]
    expect(isUnknown('edit') || isUnknown('write')).toBe(false)
    await until('the edit is here', () => times(list) > 0)
    expect(times(list)).toBe(1)
    if (!isUnknown('bash')) await until('the line is here', () => times(log) > 0)
    expect(times(log)).toBeLessThanOrEqual(1)
    if (!isUnknown('remove')) await until('it is gone', () => !t.index.snapshot().byPath.has(`made-${n}.ts`))
    expect(messages.filter(({ role }) => role === 'user')).toHaveLength(1)
    expect(run.snapshot().status).toMatchObject({ state: 'done' })
  }

  /** Three runs, of which the first daemon is killed at that moment and the next ones at the others. */
  const round = async (first: number, kills: readonly Parameters<typeof killedAt>[0][]) => {
    const jobs = lanes.map((lane) => first + lane)
    const ids = await Promise.all(jobs.map((n) => t.ask({ prompt: `job ${n}`, mode: 'auto' })))
    const over = Promise.all(ids.map((id) => t.ended(id))).then((tasks) => tasks.map(({ state }) => state))
    let passed = 0
    for (const at of [...kills, Infinity]) {
      const { daemon, killed } = await live(at)
      const isOver = await Promise.race([over.then(() => true), killed.death.then(() => false)])
      passed = killed.passed()
      if (!isOver) deaths++
      if (!isOver) continue
      await daemon.close()
      break
    }
    expect(await over).toEqual(['completed', 'completed', 'completed'])
    await Promise.all(jobs.map((n, i) => check(n, ids[i] ?? '')))
    return passed
  }
  const random = randomFrom(11)
  const moments = await round(1_000, [])
  expect(moments).toBeGreaterThan(60)
  for (let i = 1; i <= rounds; i++) {
    // The worst of moments: it is done, and nobody was told.
    await round(1_000 + 3 * i, [Math.floor(random() * moments * 0.8), 'executed'])
  }
  expect(deaths).toBeGreaterThan(rounds)
}, 120_000)

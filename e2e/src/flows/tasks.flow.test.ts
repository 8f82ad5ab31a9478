import { isTerminal, TaskState } from '@tandem/shared'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openBrowser } from '../harness/browser.ts'
import { accessToken, connect } from '../harness/documents.ts'
import { isAlive, processesBelow } from '../harness/processes.ts'
import { openTab, type Tab } from '../harness/tabs.ts'
import { cleanUp, runTandem, startTandem } from '../harness/tandem.ts'
import { until } from '../harness/until.ts'

let browser: Browser
beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(() => browser.close())
afterEach(cleanUp)

const ticker = `for (let i = 1; ; i++) { console.log('tick ' + i); await new Promise((r) => setTimeout(r, 100)) }\n`

test('[S115] [S123] [TSK-4] a task runs and streams in two tabs, and is cancelled: both agree, and nothing of it is left', async () => {
  const tandem = await startTandem({ files: { 'tick.mjs': ticker } })
  const [a, b] = [await openTab(browser, tandem), await openTab(browser, tandem)]
  await a.run('node tick.mjs')
  await a.output().getByText('tick 3').first().waitFor()
  await b.task('node tick.mjs').click()
  await b.output().getByText('tick 3').first().waitFor()
  for (const tab of [a, b]) await tab.task('node tick.mjs').locator('text=running').first().waitFor()
  const isIt = ({ command }: { command: string }) => /(^|\/)node tick\.mjs$/.test(command)
  const inside = processesBelow(tandem.ready.pid)
    .filter(isIt)
    .map(({ pid }) => pid)
  expect(inside.length).toBeGreaterThan(0)

  await b.page.getByRole('button', { name: 'Cancel' }).click()
  for (const tab of [a, b]) await tab.page.locator('li[data-state=cancelled]').waitFor()
  await until('no process of it is left', () => !inside.some(isAlive))
  expect([...a.troubles, ...b.troubles]).toEqual([])
})

test('[TSK-22] [MIR-57] a task asked for right after a keystroke sees it, and what it wrote is shared before it is over', async () => {
  const tandem = await startTandem({ files: { 'in.txt': 'start\n', 'out.txt': 'x' } })
  const at = `/api/v1/workspaces/${tandem.ready.workspaceId}`
  const access = await accessToken(tandem)
  const idOf = async (path: string) => {
    const { files } = (await (await tandem.api(`${at}/files`)).json()) as { files: { id: string; path: string }[] }
    return files.find((f) => f.path === path)?.id ?? ''
  }
  const [input, output] = [
    connect(tandem, access, { kind: 'file', fileId: await idOf('in.txt') }),
    connect(tandem, access, { kind: 'file', fileId: await idOf('out.txt') }),
  ]
  await Promise.all([input.synced(), output.synced()])
  const [from, to] = [input.document.getText('content'), output.document.getText('content')]
  for (let round = 0; round < 5; round++) {
    // The first stroke is written at once; those after it are gathered, and that is what the task must not miss.
    for (const stroke of `round ${round}\n`) from.insert(from.length, stroke)
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ payload: { kind: 'command', command: 'cp', args: ['in.txt', 'out.txt'] } })
    const { id } = (await (await tandem.api(`${at}/tasks`, { method: 'POST', body, headers })).json()) as { id: string }
    const task = await until('the task is over', async () => {
      const now = (await (await tandem.api(`${at}/tasks/${id}`)).json()) as { state: string; completedAt?: string }
      return now.completedAt !== undefined && now
    })
    expect(task.state).toBe('completed')
    expect(to.toString()).toBe(from.toString())
  }
  input.close()
  output.close()
})

test('[S135] [S269] what the policy denies is refused with its reason, and what it asks about waits for a person', async () => {
  const tandem = await startTandem({ files: { 'old.txt': 'x' } })
  const [a, b] = [await openTab(browser, tandem), await openTab(browser, tandem)]
  await a.run('sudo ls')
  await a.page.getByRole('alert').getByText("command 'sudo' not allowed").waitFor()
  await a.run('rm old.txt')
  const card = b.page.getByRole('region', { name: 'A command needs your approval' })
  await card.getByText('rm old.txt').waitFor()
  expect(tandem.read('old.txt')).toBe('x')
  await card.getByRole('button', { name: 'Allow once' }).click()
  await until('it has run', () => tandem.read('old.txt') === undefined)
  for (const tab of [a, b]) await tab.page.locator('li[data-state=completed]').waitFor()
})

test('[SBX-48] a command that wants the network is told that the sandbox has none', async () => {
  const tandem = await startTandem({
    files: {
      'get.mjs': `await fetch('http://registry.example.com/').catch((e) => { console.error(e.cause); process.exit(1) })\n`,
    },
  })
  const tab = await openTab(browser, tandem)
  await tab.run('node get.mjs')
  await tab.page.locator('li[data-state=failed]').waitFor()
  await tab.page.getByText('needed the network').waitFor()
})

/** How far along each state is; in quiet nothing goes back. */
const ranks: Readonly<Partial<Record<TaskState, number>>> = { queued: 0, leased: 1, running: 2, cancelling: 3 }
const rankOf = (state: TaskState) => (isTerminal(state) ? 4 : (ranks[state] ?? Number.NaN))

test('[TSK-136] two tabs, the command line and REST agree on fifty tasks at every look', async () => {
  const tandem = await startTandem({ args: ['--slots', '6'] })
  const at = `/api/v1/workspaces/${tandem.ready.workspaceId}/tasks`
  const headers = { 'content-type': 'application/json' }
  const tabs = [await openTab(browser, tandem), await openTab(browser, tandem)]
  type Look = ReadonlyMap<string, TaskState>
  const ofList = (text: string): Look =>
    new Map(
      (JSON.parse(text) as { tasks: { id: string; state: string }[] }).tasks.map(({ id, state }) => [
        id,
        TaskState.parse(state),
      ]),
    )
  const idByCommand = new Map<string, string>()
  const ofTab = async ({ page }: Tab): Promise<Look> => {
    const shown = await page
      .locator('li[data-state]')
      .evaluateAll((all) =>
        all.map(
          (each) => [each.querySelector('code')?.textContent ?? '', each.getAttribute('data-state') ?? ''] as const,
        ),
      )
    return new Map(
      shown.flatMap(([command, state]) => {
        const id = idByCommand.get(command)
        // What the server has not answered yet is no task.
        return id !== undefined && state !== 'asked' ? [[id, TaskState.parse(state)] as const] : []
      }),
    )
  }
  const watchers = {
    one: () => ofTab(tabs[0]!),
    other: () => ofTab(tabs[1]!),
    cli: async () => ofList((await runTandem(['task', 'list', '--all', '--json', '--data', tandem.dataDir])).stdout),
    rest: async () => ofList(await (await tandem.api(`${at}?limit=500`)).text()),
  }
  const seen = new Map<string, { state: TaskState; by: string }>()
  const own = new Map<string, TaskState>()
  /** The server is asked last: nobody may have seen more than it has. */
  const look = async () => {
    const looks: Record<string, Look> = {}
    for (const [name, watch] of Object.entries(watchers)) {
      const now = await watch()
      looks[name] = now
      for (const [id, state] of now) {
        const [before, known] = [own.get(`${name} ${id}`) ?? state, seen.get(id)]
        expect(rankOf(state), `${name} saw ${id} go from ${before} to ${state}`).toBeGreaterThanOrEqual(rankOf(before))
        own.set(`${name} ${id}`, state)
        if (known && isTerminal(known.state) && isTerminal(state))
          expect(state, `as ${known.by} saw ${id}`).toBe(known.state)
        if (name === 'rest' && known)
          expect(rankOf(state), `${known.by} saw ${known.state}`).toBeGreaterThanOrEqual(rankOf(known.state))
        if (!known || rankOf(state) > rankOf(known.state)) seen.set(id, { state, by: name })
      }
    }
    return looks
  }

  const isLong = (i: number) => i % 9 === 2
  const argvOf = (i: number) =>
    i % 3 === 0 ? ['true', `${i}`] : i % 3 === 1 ? ['false', `${i}`] : ['sleep', isLong(i) ? '60' : '0.3', `0.0${i}`]
  const ask = async (i: number) => {
    const [command, ...args] = argvOf(i)
    const body = JSON.stringify({ payload: { kind: 'command', command, args }, timeoutMs: 90_000 })
    const { id } = (await (await tandem.api(at, { method: 'POST', body, headers })).json()) as { id: string }
    idByCommand.set(argvOf(i).join(' '), id)
    return id
  }
  const ids = await Promise.all(Array.from({ length: 50 }, (_, i) => ask(i)))
  await look()
  const long = ids.filter((_, i) => isLong(i))
  const cancelled = await runTandem(['task', 'cancel', ...long, '--data', tandem.dataDir])
  expect(cancelled).toMatchObject({ code: 0, stderr: '' })
  await until(
    'all have ended',
    async () => [...((await look())['rest'] ?? [])].every(([, state]) => isTerminal(state)),
    150_000,
  )

  const quiet = await until('the tabs show it', async () => {
    const looks = await look()
    return [...(looks['one'] ?? []), ...(looks['other'] ?? [])].every(([, state]) => isTerminal(state)) && looks
  })
  const { rest = new Map<string, TaskState>(), cli } = quiet
  expect(new Set(rest.keys())).toEqual(new Set(ids))
  expect(cli).toEqual(rest)
  for (const tab of [quiet['one'], quiet['other']]) {
    expect(tab?.size).toBeGreaterThan(0)
    for (const [id, state] of tab ?? []) expect(state).toBe(rest.get(id))
  }
  const ends = ids.map((id, i) => [
    rest.get(id),
    long.includes(id) ? 'cancelled' : i % 3 === 1 ? 'failed' : 'completed',
  ])
  for (const [is, should] of ends) expect(is).toBe(should)
  expect(tabs.flatMap(({ troubles }) => troubles)).toEqual([])
}, 180_000)

import { openOps, openTaskLog } from '@tandem/shared/docs'
import { plainText, type Id } from '@tandem/shared'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { afterEach, expect, test } from 'vitest'
import { barriers } from '../harness/barriers.ts'
import { openBrowser } from '../harness/browser.ts'
import { accessToken, connect } from '../harness/documents.ts'
import { isAlive, processesBelow } from '../harness/processes.ts'
import { openTab, openTabOf } from '../harness/tabs.ts'
import { cleanUp, startTandem, type Tandem } from '../harness/tandem.ts'
import { until } from '../harness/until.ts'

afterEach(cleanUp)

const pictures = fileURLToPath(new URL('../../../artifacts/screenshots', import.meta.url))

type View = { id: Id; state: string; attempt: number; waiting?: { reason: string }; result?: { exitCode?: number } }

function tasksOf(tandem: Tandem) {
  const at = `/api/v1/workspaces/${tandem.ready.workspaceId}/tasks`
  const headers = { 'content-type': 'application/json' }
  const get = async (id: Id) => (await (await tandem.api(`${at}/${id}`)).json()) as View
  return {
    get,
    ask: async (payload: object) => {
      const body = JSON.stringify({ payload: { kind: 'command', ...payload }, timeoutMs: 600_000 })
      return (await (await tandem.api(at, { method: 'POST', body, headers })).json()) as View
    },
    reaches: (id: Id, state: string) =>
      until(`the task is ${state}`, async () => {
        const task = await get(id)
        return task.state === state && task
      }),
    cancel: (id: Id) => tandem.api(`${at}/${id}/cancel`, { method: 'POST' }),
  }
}

/** Somebody with the task's terminal before them, in a session of their own. */
async function watcher(tandem: Tandem, task: Id) {
  const access = await accessToken(tandem)
  const { principal, session } = access.claims
  const mine = connect(tandem, access, { kind: 'requests', principal, session })
  const shown = connect(tandem, access, { kind: 'log', taskId: task, attempt: 1 })
  await Promise.all([mine.synced(), shown.synced()])
  const log = openTaskLog(shown.document)
  const screen = () => plainText(Buffer.concat(log.snapshot().map(({ d }) => d)).toString())
  let n = 0
  const send = (message: object) =>
    mine.provider.sendStateless(JSON.stringify({ n: ++n, task, attempt: 1, ...message }))
  return {
    sees: (words: string) => until(`the terminal shows ${words}`, () => screen().includes(words)),
    type: (data: string) => send({ t: 'type', data }),
    hasSize: (cols: number, rows: number) => send({ t: 'resize', size: { cols, rows } }),
    close: () => [mine, shown].forEach((each) => each.close()),
  }
}

test('[TSK-90] [TSK-92] [TSK-93] two people at one terminal see the same, type in turn, and it has the size of who typed last', async () => {
  const tandem = await startTandem()
  const tasks = tasksOf(tandem)
  const { id } = await tasks.ask({ command: 'bash', args: ['--norc', '-i'], terminal: { cols: 80, rows: 24 } })
  await tasks.reaches(id, 'running')
  const [mira, noah] = [await watcher(tandem, id), await watcher(tandem, id)]
  mira.hasSize(101, 31)
  noah.hasSize(57, 17)
  mira.type('echo $((40 + 2)) at $(stty size)\r')
  for (const each of [mira, noah]) await each.sees('42 at 31 101')
  noah.type('echo $((40 + 3)) at $(stty size)\r')
  for (const each of [mira, noah]) await each.sees('43 at 17 57')
  noah.hasSize(60, 20)
  // Theirs reaches the terminal before what they type after it.
  noah.type('echo $((40 + 4)) at $(stty size); sleep 1000\r')
  for (const each of [mira, noah]) await each.sees('44 at 20 60')
  mira.type('\u0003')
  mira.type('exit 7\r')
  expect(await tasks.reaches(id, 'failed')).toMatchObject({ result: { exitCode: 7 } })
  for (const each of [mira, noah]) each.close()
})

/** A program as many are: colours, a bar that fills, a sum at the end. */
const build = [
  `printf '\\033[1mBuilding the garden\\033[0m\\n'`,
  `for i in 1 2 3 4 5; do printf '  \\033[32m✓\\033[0m bed %d \\033[2m(%d ms)\\033[0m\\n' $i $((i * 7)); done`,
  `printf '  \\033[31m✗\\033[0m pond \\033[33m1 warning\\033[0m\\n'`,
  `for i in 2 4 6 7; do printf '\\r  \\033[36m%-10s\\033[0m %d0 %%' $(printf '█%.0s' $(seq $i)) $i; done; echo`,
].join('\n')

/** What a page's terminal shows, a line each. */
const linesOf = (page: Page) =>
  page.locator('.xterm-rows > div').evaluateAll((rows) => rows.map((row) => row.textContent?.trimEnd() ?? ''))
const shows = (page: Page, what: string, line: RegExp) =>
  until(what, async () => (await linesOf(page)).some((each) => line.test(each)))

test('[UI-188] [UI-180] [UI-189] two people at one shell in the page: both see, one takes over and its size follows, and the exit is told', async () => {
  const tandem = await startTandem({ files: { 'build.sh': build } })
  const browser = await openBrowser()
  try {
    const mira = await openTab(browser, tandem, { colorScheme: 'dark' })
    const noah = await openTabOf(browser, tandem, 'Noah', { colorScheme: 'light', role: 'runner' })
    const pages = [mira.page, noah.page]
    const parts = () => mira.page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name))
    expect((await parts()).filter((name) => name.includes('terminal-view'))).toEqual([])
    await noah.page.setViewportSize({ width: 1100, height: 700 })

    await mira.page.getByRole('button', { name: 'Run in a terminal' }).click()
    await mira.page.keyboard.type('bash --norc -i\n')
    // It has the focus of who asked for it.
    await mira.page.locator('.xterm.focus').waitFor()
    await noah.task('bash --norc -i').getByRole('button').first().click()
    for (const page of pages) await page.getByText(/drives? · \d+ × \d+/).waitFor()
    await mira.page.keyboard.type(`PS1='\\[\\e[34m\\]garden\\[\\e[0m\\] $ '; clear\n`)
    await mira.page.keyboard.type('sh build.sh; echo $((40 + 2)) at $(stty size)\n')
    for (const page of pages) await shows(page, 'what was typed', /^42 at \d+ \d+$/)
    await mira.page.getByText(/^You drive/).waitFor()
    const [hers = ''] = (await linesOf(mira.page)).filter((line) => line.startsWith('42 at'))

    await noah.page.getByText(/ drives · .* · type to take over/).waitFor()
    await noah.page.getByRole('button', { name: 'Fill the window' }).click()
    await noah.page.locator('.xterm.focus').waitFor()
    await noah.page.keyboard.type('echo $((40 + 3)) at $(stty size)\n')
    for (const page of pages) await shows(page, 'what he typed', /^43 at \d+ \d+$/)
    const [his = ''] = (await linesOf(mira.page)).filter((line) => line.startsWith('43 at'))
    expect(his.split(' at ')[1]).not.toBe(hers.split(' at ')[1])
    await mira.page.getByText(/^Noah drives/).waitFor()
    mkdirSync(pictures, { recursive: true })
    for (const [page, name] of [
      [mira.page, 'dark'],
      [noah.page, 'light'],
    ] as const)
      await page.screenshot({ path: join(pictures, `56-terminal-${name}.png`), animations: 'disabled' })
    for (const page of pages) expect(await barriers(page)).toEqual([])

    await noah.page.keyboard.type('exit 7\n')
    for (const page of pages) await page.getByText('It has ended: nothing more can be typed.').waitFor()
    for (const page of pages)
      await page
        .getByText(/exit code 7/)
        .first()
        .waitFor()
    expect([mira, noah].flatMap(({ troubles }) => troubles)).toEqual([])
  } finally {
    await browser.close()
  }
})

test('[TSK-95] of a terminal whose daemon is killed nothing is left', async () => {
  const tandem = await startTandem()
  const tasks = tasksOf(tandem)
  const { id } = await tasks.ask({ command: 'bash', args: ['--norc', '-i'], terminal: { cols: 80, rows: 24 } })
  await tasks.reaches(id, 'running')
  const mira = await watcher(tandem, id)
  mira.type('trap "" TERM HUP; sleep 4321 & echo $((40 + 2))\r')
  await mira.sees('42')
  const daemon = tandem.pidOf('daemon') as number
  const all = processesBelow(daemon).map(({ pid }) => pid)
  expect(all.length).toBeGreaterThan(3)
  process.kill(daemon, 'SIGKILL')
  await until('nothing of it is left', () => !all.some(isAlive))
  expect(await tasks.reaches(id, 'lost')).toMatchObject({ attempt: 1 })
  mira.close()
})

test('[TSK-86] [TSK-87] a daemon told by SIGUSR2 begins nothing more, says so at once, and ends what it began', async () => {
  const tandem = await startTandem()
  const tasks = tasksOf(tandem)
  const ops = connect(tandem, await accessToken(tandem), { kind: 'ops' })
  await ops.synced()
  const before = await tasks.ask({ command: 'until [ -e go ]; do sleep 0.1; done', shell: true })
  await tasks.reaches(before.id, 'running')
  process.kill(tandem.pidOf('daemon') as number, 'SIGUSR2')
  const [daemon] = openOps(ops.document).daemons.snapshot().values()
  await until('it says that it has no slots', () => openOps(ops.document).daemons.get(daemon?.id ?? '')?.slots === 0)
  const after = await tasks.ask({ command: 'true' })
  expect((await tasks.get(after.id)).waiting?.reason).toMatch(/begins nothing more$/)
  await tasks.ask({ command: 'true' })
  tandem.write('go', '')
  await tasks.reaches(before.id, 'completed')
  expect((await tasks.get(after.id)).state).toBe('queued')
  ops.close()
})

test('[TSK-87] a daemon that stops says at once that it has no slots, while what it runs has still time to end', async () => {
  const tandem = await startTandem()
  const tasks = tasksOf(tandem)
  const ops = connect(tandem, await accessToken(tandem), { kind: 'ops' })
  await ops.synced()
  const deaf = `
    import { existsSync, writeFileSync } from 'node:fs'
    process.on('SIGTERM', () => {})
    setInterval(() => existsSync('go') && process.exit(), 20)
    writeFileSync('deaf', '')`
  tandem.write('deaf.mjs', deaf)
  const task = await tasks.ask({ command: 'node', args: ['deaf.mjs'] })
  await tasks.reaches(task.id, 'running')
  await until('it does not heed that it is to end', () => existsSync(join(tandem.folder, 'deaf')))
  const [daemon] = openOps(ops.document).daemons.snapshot().values()
  process.kill(tandem.pidOf('daemon') as number, 'SIGTERM')
  await until('it says that it has no slots', () => openOps(ops.document).daemons.get(daemon?.id ?? '')?.slots === 0)
  expect((await tasks.get(task.id)).state).toBe('running')
  tandem.write('go', '')
  ops.close()
})

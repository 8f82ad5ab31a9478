import { openBrowser, openTab, until, type Tab, type Tandem } from '@tandem/e2e'
import { pause } from './pause.ts'
import type { Row } from './stats.ts'

const seconds = 8
const program = 'pour.mjs'
/** Five megabytes a second in lines of a hundred characters, some of them coloured; begins a moment later. */
const pour = `
const lines = Array.from({ length: 655 }, (_, i) =>
  i % 8 ? 'x'.repeat(99) : '\\u001b[32m' + 'y'.repeat(44) + '\\u001b[0m' + 'z'.repeat(46)).join('\\n') + '\\n'
await new Promise((go) => setTimeout(go, 3_000))
const from = performance.now()
for (let written = 0; written < ${seconds * 80};) {
  const due = Math.min(${seconds * 80}, Math.ceil((performance.now() - from) * 0.08))
  for (; written < due; written++)
    if (!process.stdout.write(lines)) await new Promise((go) => process.stdout.once('drain', go))
  await new Promise((go) => setTimeout(go, 12))
}
console.log('that was all')
`

/** The time from frame to frame in a page while 5 MB of output a second pour into its open detail; the floor is the same page at rest. */
export async function outputFrames(tandem: Tandem): Promise<Row[]> {
  tandem.write(program, pour)
  await until('the program is shared', async () => {
    const path = `/api/v1/workspaces/${tandem.ready.workspaceId}/files/${program}`
    return (await tandem.api(path)).ok
  })
  const browser = await openBrowser()
  try {
    const tab = await openTab(browser, tandem)
    await tab.run('sleep 1')
    const rest = await framesOf(tab, () => pause(2_000))
    await tab.run(`node ${program}`)
    await until('it runs', async () => (await tab.task(program).getAttribute('data-state')) === 'running')
    // What opening it costs is not what is measured.
    await pause(2_000)
    const frames = await framesOf(tab, () => tab.output().getByText('that was all').waitFor({ timeout: 120_000 }))
    return [
      {
        what: '5 MB/s of output in an open detail: from frame to frame',
        samples: frames,
        floor: { what: 'the page at rest', samples: rest },
      },
    ]
  } finally {
    await browser.close()
  }
}

/** How long each frame of the page took while `work` went on, ms. */
async function framesOf({ page }: Tab, work: () => Promise<unknown>): Promise<number[]> {
  const counting = page.evaluate(
    () =>
      new Promise<number[]>((done) => {
        const frames: number[] = []
        let last: number | undefined
        let isOver = false
        const frame = (at: number) => {
          if (last !== undefined) frames.push(at - last)
          last = at
          if (isOver) done(frames)
          else requestAnimationFrame(frame)
        }
        requestAnimationFrame(frame)
        addEventListener('counted', () => (isOver = true), { once: true })
      }),
  )
  await work()
  await page.evaluate(() => dispatchEvent(new Event('counted')))
  return counting
}

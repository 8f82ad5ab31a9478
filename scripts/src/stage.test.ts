import { expect, test } from 'vitest'
import { runStage } from './stage.ts'

const node = (program: string) => ({ name: 'x', command: process.execPath, args: ['-e', program] })

test('a stage is as good as its exit code, and keeps what it said', async () => {
  const good = await runStage(node("console.log('fine')"), new AbortController().signal)
  expect(good).toMatchObject({ ok: true, output: 'fine' })
  const bad = await runStage(node("console.error('not fine'); process.exit(3)"), new AbortController().signal)
  expect(bad).toMatchObject({ ok: false, output: 'not fine' })
})

test('what cannot be started has failed, and says what it was', async () => {
  const result = await runStage({ name: 'x', command: 'no-such-program', args: [] }, new AbortController().signal)
  expect(result.ok).toBe(false)
  expect(result.output).toContain('no-such-program')
})

test('an aborted stage ends with everything below it', async () => {
  const controller = new AbortController()
  // The grandchild leaves its parent's group, as the servers of flow tests do; it holds the pipe until it ends.
  const grandchild =
    "process.on('SIGTERM', () => { console.log('ended too'); process.exit() }); setInterval(() => {}, 1e9); process.send('ready')"
  const program = `
    const child = require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(grandchild)}], { detached: true, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    child.on('message', () => require('fs').writeFileSync(process.env.READY, ''))`
  const { mkdtempSync, watch } = await import('node:fs')
  const folder = mkdtempSync('/tmp/tandem-stage-')
  const ready = new Promise((resolve) => watch(folder).once('change', resolve))
  const running = runStage({ ...node(program), env: { READY: `${folder}/ready` } }, controller.signal)
  await ready
  controller.abort()
  expect(await running).toMatchObject({ ok: false, output: 'ended too' })
})

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { daemonBed } from './daemon-bed.ts'

/** As the founding documents have it: a payload, and nothing besides. */
async function run(bed: Awaited<ReturnType<typeof daemonBed>>, payload: object) {
  const headers = { 'content-type': 'application/json' }
  const answer = await bed.server.inWorkspace('/tasks', {
    method: 'POST',
    headers,
    body: JSON.stringify({ payload: { kind: 'command', ...payload } }),
  })
  return bed.ended(((await answer.json()) as { id: string }).id)
}

test('[S146] [S136] [S139] `npm test` by its payload: how it ended, and half a minute for it where no time is named', async () => {
  const test = "console.log('tested as', process.env.NODE_ENV); process.exit(process.argv[2] === 'fail' ? 3 : 0)"
  const scripts = { test: 'node test.js' }
  const bed = await daemonBed({ files: { 'package.json': JSON.stringify({ scripts }), 'test.js': test } })
  const passed = await run(bed, { command: 'npm', args: ['test'] })
  expect(passed).toMatchObject({ state: 'completed', timeoutMs: 30_000, result: { exitCode: 0, sandbox: 'full' } })
  expect(passed.result?.output?.tail).toContain('tested as development\n')
  const failed = await run(bed, { command: 'npm', args: ['test', '--', 'fail'] })
  expect(failed).toMatchObject({ state: 'failed', result: { exitCode: 3, error: 'it ended with exit code 3' } })
  expect(failed.result?.output?.tail).toContain('tested as development\n')
})

test('[S141] [S136] words stay words, whatever they look like; the owner’s policy says how long anything may take', async () => {
  const bed = await daemonBed({ policy: { limits: { maxWallMs: 2_000 }, commands: { default: 'allow' } } })
  const args = [
    '$(touch made)',
    '`touch made`',
    '; touch made',
    '| touch made',
    '&& touch made',
    '\ntouch made',
    '> made',
  ]
  const said = await run(bed, { command: 'echo', args })
  expect(said).toMatchObject({ state: 'completed', result: { exitCode: 0 } })
  expect(said.result?.output?.tail).toBe(`${args.join(' ')}\n`)
  for (const command of ['echo; touch made', '$(touch made)', 'touch made'])
    expect(await run(bed, { command, args: [] })).toMatchObject({ state: 'failed', result: { exitCode: 127 } })
  expect(existsSync(join(bed.folder, 'made'))).toBe(false)
  const slow = await run(bed, { command: 'sleep', args: ['1000'] })
  expect(slow).toMatchObject({ state: 'timed_out', result: { error: 'it did not end within 2 s' } })
})

test('[S151] python and shell run at the daemon, and answer like a snippet', async () => {
  const bed = await daemonBed()
  const shell = await bed.execute('echo "1 $NODE_ENV"; echo two >&2; exit 3', { language: 'shell' })
  expect(shell).toMatchObject({ success: false, ranIn: 'command', errors: [{ message: 'it ended with exit code 3' }] })
  expect(shell.output).toContain('1 development\n')
  const { result } = await run(bed, { command: 'python3', args: ['--version'] })
  if (result?.exitCode !== 0) return
  expect(await bed.execute('print(sum(range(5)))', { language: 'python' })).toMatchObject({
    success: true,
    output: '10\n',
  })
})

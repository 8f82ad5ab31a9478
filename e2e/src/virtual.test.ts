import { renameSync, writeFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { daemonBed } from './daemon-bed.ts'
import { until } from './harness/until.ts'

// A server, a daemon and its walls start slowly where many do.
vi.setConfig({ testTimeout: 90_000 })

const bash = (script: string, session?: string) => ({ kind: 'bash' as const, script, session })

test('[S213] [SBX-327] [SBX-339] a task edits a file while somebody types in it: nothing is lost, and blame names the task', async () => {
  const bed = await daemonBed()
  const lines = Array.from({ length: 30 }, (_, i) => `line ${i} foo\n`).join('')
  bed.save('a.txt', lines)
  const ada = await bed.open('a.txt')
  const id = bed.index.snapshot().byPath.get('a.txt')?.id
  let [typed, shortest, isOver] = [0, Infinity, false]
  ada.text.observe(() => (shortest = Math.min(shortest, ada.text.length)))
  const task = bed.ask(
    bash(
      'cd /workspace; for i in 1 2 3; do sed -i "s/5 foo/5 foo $i/" a.txt; done; echo appended >> a.txt; mv a.txt b.txt',
    ),
  )
  const ended = task.then(bed.ended).finally(() => (isOver = true))
  while (!isOver) {
    const line = `typed ${typed}.\n`
    ada.text.insert(ada.text.toString().indexOf('\n', (typed++ * 53) % ada.text.length) + 1, line)
    // Nobody types faster than this.
    await until('it is on the disk', () => bed.onDisk('a.txt')?.includes(line) || bed.onDisk('b.txt')?.includes(line))
  }
  expect(await ended).toMatchObject({ state: 'completed', result: { exitCode: 0 } })
  await until('it has another name', () => bed.index.snapshot().byPath.get('b.txt')?.id === id)
  const text = await until('both have the same', () => {
    const now = ada.text.toString()
    return bed.onDisk('b.txt') === now && now
  })
  for (let i = 0; i < typed; i++) expect(text.split(`typed ${i}.\n`)).toHaveLength(2)
  for (let i = 0; i < 30; i++) expect(text).toContain(`line ${i} foo${i % 10 === 5 ? ' 3 2 1' : ''}\n`)
  expect(shortest).toBeGreaterThanOrEqual(lines.length)
  const runs = await bed.blame('b.txt')
  const cause = { task: await task }
  for (const words of ['appended', ' 3 2 1'])
    expect(runs.filter(([piece]) => piece.includes(words)).map(([, by]) => by)).toContainEqual(cause)
  for (const [piece, by] of runs) if (/typed|line/.test(piece)) expect([piece, by]).toEqual([piece, undefined])
})

test('[SBX-339] of two lines that run at once each is known by what it changed, and what somebody saves meanwhile is neither’s', async () => {
  const bed = await daemonBed({ files: { 'old.txt': 'old\n' } })
  const [one, two] = [
    await bed.ask(bash('cd /workspace; echo one > one.txt; git status >/dev/null; sleep 1000')),
    await bed.ask(bash('cd /workspace; mv old.txt new.txt; echo two > two.txt; node -v >/dev/null; sleep 1000')),
  ]
  // What a program is to see is there before it runs.
  for (const path of ['one.txt', 'two.txt']) await bed.open(path)
  expect(await bed.blame('one.txt')).toEqual([['one\n', { task: one }]])
  expect(await bed.blame('two.txt')).toEqual([['two\n', { task: two }]])
  const steps = await bed.history()
  expect(steps.get('new.txt moved')).toEqual({ task: two })
  expect(steps.get('one.txt created')).toEqual({ task: one })
  for (const id of [one, two]) await bed.cancel(id)
  for (const id of [one, two]) expect(await bed.ended(id)).toMatchObject({ state: 'cancelled' })
  const keys = [...bed.index.snapshot().byPath.keys()]
  const third = await bed.ask(bash('echo never > /workspace/never; sleep 1000'))
  await until('it runs', async () => (await bed.taskNow(third)).state === 'running')
  bed.save('saved.txt', 'saved\n')
  await bed.open('saved.txt')
  expect(await bed.blame('saved.txt')).toEqual([['saved\n', undefined]])
  await bed.cancel(third)
  expect(await bed.ended(third)).toMatchObject({ state: 'cancelled' })
  expect([...bed.index.snapshot().byPath.keys()].toSorted()).toEqual([...keys, 'saved.txt'].toSorted())
})

test('[S218] [S219] [S223] [SBX-335] [SBX-340] a snippet has the project and a shell: what was just saved is there, and what it writes is on the disk with its answer', async () => {
  const bed = await daemonBed()
  writeFileSync(`${bed.folder}/../secret`, 'secret')
  for (let i = 0; i < 3; i++) {
    bed.save('saved.txt', `saved ${i}\n`)
    const read = await bed.execute(`export default async ({ FS }) => {
      await FS.writeFile('/workspace/x', 'x ' + await FS.readFile('/workspace/saved.txt'))
      return FS.readFile('/workspace/x')
    }`)
    expect(read).toMatchObject({ success: true, ranIn: 'isolate', result: `x saved ${i}\n` })
    expect(bed.onDisk('x')).toBe(`x saved ${i}\n`)
  }
  const shell = await bed.execute(
    `export default async ({ BASH, FS }) => {
      const first = await BASH.exec('echo Hello && pwd')
      await FS.writeFile('/home/note', 'scratch')
      const run = async (line) => (await BASH.exec('cd /workspace; ' + line)).stdout
      return {
        first, cwd: await BASH.getCwd(), home: await BASH.readFile('home/note'),
        init: await run('git init -q .; git status --short'),
        walls: await run(\`node -p "require('fs').existsSync('../secret')"\`),
        names: await BASH.listFiles(), made: await BASH.writeFile('made/by/shell.txt', 'made'),
      }
    }`,
    { session: 'a' },
  )
  expect(shell).toMatchObject({ success: true })
  expect(shell.result).toEqual({
    first: { stdout: 'Hello\n/\n', stderr: '', exitCode: 0 },
    cwd: '/',
    home: 'scratch',
    init: '?? saved.txt\n?? x\n',
    walls: 'false\n',
    names: ['saved.txt', 'x'],
    made: null,
  })
  expect(bed.onDisk('made/by/shell.txt')).toBe('made')
  expect(await bed.taskNow(String(shell.task))).toMatchObject({ result: { sandbox: 'full' } })
  expect(await bed.blame('made/by/shell.txt')).toEqual([['made', { task: shell.task }]])
  // The session is the same for tasks.
  const after = await bed.run(bash('pwd; cat /home/note', 'a'))
  expect(after.result?.output?.tail).toBe('/workspace\nscratch')
  const refused = await bed.execute(`export default async ({ FS, BASH }) => {
    const why = (call) => call.then(() => 'done', (e) => e.message)
    return [
      await why(FS.writeFile('/workspace/tandem.policy.json', '{}')),
      await why(FS.writeFile('/workspace/.envrc', 'x')),
      await why(BASH.exec('rm -r /workspace/made')),
    ]
  }`)
  expect(refused.result).toEqual([
    expect.stringContaining('the policy of this machine does not let tasks change it'),
    expect.stringContaining('programs outside the sandbox would run or obey it'),
    expect.stringContaining("ask for it as a task of kind 'bash'"),
  ])
})

test('[SBX-338] while the folder is gone lines and snippets go on, commands say why not, and all is on the disk once it is back', async () => {
  const bed = await daemonBed({ files: { 'a.txt': 'one\n' } })
  // It has begun with the folder: without one it does not.
  await bed.run(bash('true'))
  renameSync(bed.folder, `${bed.folder}-away`)
  const line = await bed.run(bash('cd /workspace; echo two >> a.txt; cat a.txt; git status'))
  expect(line).toMatchObject({ state: 'failed', result: { exitCode: 126 } })
  expect(line.result?.output?.tail).toContain('one\ntwo\ngit: The mirror has stopped')
  const snippet = await bed.execute(
    `export default async ({ FS }) => (await FS.appendFile('/workspace/a.txt', 'three\\n'), FS.readFile('/workspace/a.txt'))`,
  )
  expect(snippet).toMatchObject({ success: true, result: 'one\ntwo\nthree\n' })
  const command = await bed.run({ kind: 'command', command: 'ls' })
  expect(command).toMatchObject({
    state: 'failed',
    result: { error: expect.stringContaining('The mirror has stopped') },
  })
  renameSync(`${bed.folder}-away`, bed.folder)
  await until('it is on the disk', () => bed.onDisk('a.txt') === 'one\ntwo\nthree\n')
})

test('[SBX-336] in the mode plan neither lines nor snippets nor programs change anything, and all of them look', async () => {
  const bed = await daemonBed({ files: { 'a.txt': 'one\n' }, policy: { commands: { mode: 'plan' } } })
  const write = "fs.writeFileSync('made', '')"
  const line = await bed.run(
    bash(
      `cd /workspace; node -e "${write}" 2>&1 | grep -o EROFS; cat a.txt; echo two > a.txt; echo x > b.txt; mv a.txt c.txt`,
    ),
  )
  expect(line.state).toBe('failed')
  const refusal = 'the policy of this machine lets it look, and change nothing'
  expect(line.result?.output?.tail).toContain('EROFS\none\n')
  for (const path of ['a.txt', 'b.txt'])
    expect(line.result?.output?.tail).toContain(`/workspace/${path}: not changed: ${refusal}`)
  const snippet = await bed.execute(`export default async ({ FS, BASH }) => {
    const why = (call) => call.then(() => 'done', (e) => e.message)
    return [
      await why(FS.writeFile('/workspace/a.txt', 'x')),
      await why(BASH.writeFile('/workspace/b.txt', 'x')),
      (await BASH.exec('echo x > /workspace/b.txt')).stderr,
      await FS.readFile('/workspace/a.txt'),
    ]
  }`)
  const said = expect.stringContaining(refusal)
  expect(snippet.result).toEqual([said, said, said, 'one\n'])
  expect([...bed.index.snapshot().byPath.keys()]).toEqual(['a.txt'])
  expect([bed.onDisk('a.txt'), bed.onDisk('made')]).toEqual(['one\n', undefined])
})

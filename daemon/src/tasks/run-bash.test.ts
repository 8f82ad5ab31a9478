import { TandemError } from '@tandem/shared'
import { expect, test } from 'vitest'
import { Policy } from '../sandbox/policy.ts'
import { virtualBed } from './virtual-bed.suite.ts'

test('[S213] [SBX-333] a task of kind bash: both streams, then the exit code; what it wrote is in the documents', async () => {
  const { run, server, steps } = virtualBed()
  const ended = await run('echo one; echo two >&2; echo x > /workspace/x; exit 3')
  expect(ended).toEqual({
    state: 'failed',
    result: { exitCode: 3, error: 'it ended with exit code 3' },
    stdout: 'one\n',
    stderr: 'two\n',
  })
  expect(server.at('x')).toBe('x\n')
  // What was saved is seen, and what it wrote is on the disk when it is told.
  expect(steps).toEqual(['settle', 'flush'])
  expect(await run('cat; echo read')).toMatchObject({ state: 'completed', result: { exitCode: 0 }, stdout: 'read\n' })
})

test('[SBX-397] [SBX-421] a line has no more time than any task, and nothing runs that is denied by now', async () => {
  const { run } = virtualBed({ policy: Policy.parse({ limits: { maxWallMs: 300 }, commands: { deny: ['rm *'] } }) })
  expect(await run('sleep 1000')).toMatchObject({ state: 'timed_out', result: { code: 'timeout' } })
  await expect(run('rm /src/hello.js')).rejects.toMatchObject({ code: 'command-denied' })
})

test('[S136] [SBX-333] one that does not end in time is ended, and one that is over before it starts never starts', async () => {
  const { run, server } = virtualBed()
  expect(await run('echo y > /workspace/y; sleep 1000', { timeoutMs: 300 })).toMatchObject({
    state: 'timed_out',
    result: { exitCode: null, code: 'timeout', error: 'it did not end within 0.3 s' },
  })
  for (const over of [{ signal: AbortSignal.abort('cancelled') }, { killSignal: AbortSignal.abort() }])
    expect(await run('echo y > /workspace/y', over)).toMatchObject({ state: 'cancelled' })
  expect(server.at('y')).toBeUndefined()
})

test('[S216] [SBX-334] tasks of one session have one shell, one after the other; a task that waits for its turn can be ended', async () => {
  const isRunning = Promise.withResolvers<void>()
  const { run, begin } = virtualBed({
    command: ({ signal }) => {
      isRunning.resolve()
      return new Promise((resolve) =>
        signal.addEventListener('abort', () => resolve({ state: 'cancelled', result: { exitCode: null } })),
      )
    },
  })
  await run('cd /workspace; NAME=one; echo kept > /home/kept', { session: 'a' })
  expect(await run('pwd; echo $NAME; cat /home/kept', { session: 'a' })).toMatchObject({
    stdout: '/workspace\none\nkept\n',
  })
  expect(await run('pwd; echo $NAME', { session: 'b' })).toMatchObject({ stdout: '/\n\n' })
  const [first, second] = [new AbortController(), new AbortController()]
  const long = begin('node long', { session: 'a', signal: first.signal })
  await isRunning.promise
  const waiting = begin('echo never', { session: 'a', signal: second.signal })
  await new Promise((resolve) => setImmediate(resolve))
  second.abort('cancelled')
  expect(await waiting.outcome).toMatchObject({ state: 'cancelled' })
  first.abort('cancelled')
  expect(await long.outcome).toMatchObject({ state: 'cancelled' })
  expect(await run('pwd', { session: 'a' })).toMatchObject({ stdout: '/workspace\n' })
})

test('[SBX-335] programs run as commands: what was written is on the disk before, what they changed in the documents after', async () => {
  const bed = virtualBed({
    command: async ({ payload, onOutput }) => {
      expect(payload).toMatchObject({ cwd: 'sub', env: { MODE: 'x' } })
      expect(bed.server.at('sub/a.txt')).toBe('now\n')
      bed.server.create('made.txt', 'made\n')
      await onOutput('stdout', Buffer.from('out\n'))
      await onOutput('stderr', Buffer.from('err\n'))
      const setAside = { folder: '.tandem/quarantine/1.1', paths: ['.envrc'], left: [] }
      return { state: 'failed', result: { exitCode: 5, sandbox: 'full', setAside } }
    },
  })
  const ended = await bed.run(
    'mkdir /workspace/sub; cd /workspace/sub; echo now > a.txt; MODE=x git add a.txt; echo $?; cat ../made.txt',
  )
  expect(ended).toMatchObject({ state: 'completed', stdout: 'out\n5\nmade\n' })
  expect(ended.stderr).toBe('err\n')
  expect(ended.result).toMatchObject({ sandbox: 'full', setAside: { paths: ['.envrc'] } })
  expect(bed.steps).toEqual(['settle', 'flush', 'begin', 'git add a.txt', 'settle', 'end', 'flush'])
})

test('[SBX-335] a program ends with its line; its output is bounded, and it gets no input', async () => {
  const stop = new AbortController()
  let ended = false
  const bed = virtualBed({
    command: async ({ payload, signal, onOutput }) => {
      if (payload.args[0] === 'log') {
        await onOutput('stdout', Buffer.alloc(3 * 2 ** 20, 'a'))
        return { state: 'completed', result: { exitCode: 0 } }
      }
      stop.abort('cancelled')
      expect(signal.aborted).toBe(true)
      await new Promise((resolve) => setImmediate(resolve))
      ended = true
      return { state: 'cancelled', result: { exitCode: null } }
    },
  })
  const fed = await bed.run(
    'cd /workspace; echo x | git apply; node < /home/README.md; for i in 1; do git log; done | wc -c',
  )
  expect(fed.stderr).toContain('git: programs get no input here')
  expect(fed.stderr).toContain('node: programs get no input here')
  expect(fed.stderr).toContain('git: the rest of its output is left out')
  expect(Number(fed.stdout)).toBe(2 ** 19)
  expect(await bed.run('cd /workspace; git wait; echo y > y', { signal: stop.signal })).toMatchObject({
    state: 'cancelled',
  })
  expect(ended).toBe(true)
  expect(bed.server.at('y')).toBeUndefined()
})

test('[SBX-335] without a sandbox or a disk the shell goes on, and of a program it is said why not', async () => {
  const stopped = async () => {
    throw new TandemError('conflict', { reason: 'The mirror has stopped: the folder is not there' })
  }
  const without = virtualBed({ barriers: { flush: stopped, settle: stopped } })
  const ended = await without.run('cd /workspace; echo x > x; git status; echo $?; cat x')
  expect(ended).toMatchObject({ state: 'completed', stdout: '126\nx\n' })
  expect(ended.stderr).toContain('git: The mirror has stopped: the folder is not there')
  expect(without.server.at('x')).toBe('x\n')
  const refusing = virtualBed({
    command: () => Promise.reject(new TandemError('sandbox-unavailable', { reason: 'bubblewrap is not installed' })),
  })
  expect((await refusing.run('cd /workspace; npm test')).stderr).toBe('npm: bubblewrap is not installed\n')
})

test('[SBX-336] in the mode plan a line looks and changes nothing, in what it writes itself and in what it would run', async () => {
  const plan = Policy.parse({ commands: { mode: 'plan' } })
  const bed = virtualBed({ policy: plan })
  bed.server.create('a.txt', 'one\n')
  const ended = await bed.run(
    'cd /workspace; cat a.txt; echo two >> a.txt; rm a.txt; echo new > b; mv a.txt c; echo x > /home/x',
  )
  expect(ended).toMatchObject({ state: 'failed', stdout: 'one\n' })
  expect(ended.stderr).toContain('/workspace/b: not changed: the policy of this machine lets it look')
  expect([bed.server.at('a.txt'), bed.server.at('b')]).toEqual(['one\n', undefined])
})

test('[SBX-336] what a program is called with in the end is judged: denied or not asked about, it does not run', async () => {
  const policy = Policy.parse({ commands: { deny: ['npm publish *'] } })
  const bed = virtualBed({ policy })
  const line = 'cd /workspace; V=push; git status; git $V; X=git; $X push; npm publish; env git push'
  const never = new AbortController().signal
  const job = {
    task: { id: 'T', attempt: 1 },
    timeoutMs: 60_000,
    signal: never,
    killSignal: never,
    onProcess: () => () => {},
  }
  const use = (isApproved: boolean) =>
    bed.virtual.use(job, { session: undefined, writable: true, isApproved }, async ({ shell }) => {
      bed.steps.length = 0
      const { stderr } = await shell.exec(line)
      return { stderr, ran: bed.steps.filter((step) => /^(git|npm) /.test(step)) }
    })
  const refused = await use(false)
  expect(refused.ran).toEqual(['git status'])
  expect(refused.stderr).toContain('asks first about commands like `git push *`')
  expect(refused.stderr).toContain("npm: command 'npm' not allowed")
  expect((await use(true)).ran).toEqual(['git status', 'git push', 'git push', 'git push'])
})

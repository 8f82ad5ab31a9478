import { expect, test } from 'vitest'
import { shellBed } from './shell-bed.suite.ts'
import { shellLimits } from './shell.ts'

const bed = shellBed()

test('[S213] [S214] [S219] a line runs on files of ours; its streams and its exit code are kept apart', async () => {
  const { exec } = bed
  expect(await exec('echo Hello && pwd')).toEqual({ stdout: 'Hello\n/\n', stderr: '', exitCode: 0 })
  expect(await exec('echo out; echo err >&2; exit 3')).toEqual({ stdout: 'out\n', stderr: 'err\n', exitCode: 3 })
})

test('[S216] [SBX-320] folder, variables and functions are there for the next line', async () => {
  const { exec, shell } = bed
  await exec('cd /src; NAME=world; greet() { echo "hello $NAME $1"; }')
  expect(shell.getCwd()).toBe('/src')
  expect(await exec('greet you; pwd')).toMatchObject({ stdout: 'hello world you\n/src\n', exitCode: 0 })
})

test('[SBX-417] of variables and functions so much is kept, and what is not is said', async () => {
  const { exec } = shellBed()
  const { stderr } = await exec('SMALL=1; OTHER=$(printf %0600000d 1); LARGE=$OTHER$OTHER; f() { echo f; }')
  expect(stderr).toBe('bash: LARGE: not kept for the next line: it is too large\n')
  expect((await exec('echo $SMALL ${#LARGE} ${#OTHER}; f')).stdout).toBe('1 0 600000\nf\n')
})

test('[S217] [S218] [S222] it begins with its first files, and has verbs besides lines', async () => {
  const { exec, shell } = bed
  await exec('cd /')
  expect(await shell.listFiles()).toEqual(['home', 'src', 'workspace'])
  expect(await shell.readFile('src/hello.js')).toContain('Hello')
  await shell.writeFile('src/new.txt', 'new\n')
  expect((await exec('cat /src/new.txt /home/README.md')).stdout).toContain('new\n# Scratch')
  await expect(shell.readFile('/absent')).rejects.toMatchObject({ code: 'not-found' })
})

test('[S215] [SBX-321] a line that never ends is ended, whatever it does, and nobody waits for it', async () => {
  const { exec, server } = bed
  server.create('a.txt', 'one\n')
  let turns = 0
  const timer = setInterval(() => turns++, 5)
  await expect(exec('echo two > /workspace/a.txt; sleep 1000', { wallMs: 300 })).rejects.toMatchObject({
    code: 'timeout',
  })
  clearInterval(timer)
  expect(turns).toBeGreaterThan(0)
  expect(server.at('a.txt')).toBe('one\n')
  const looped = await exec('while true; do :; done')
  expect(looped.exitCode).not.toBe(0)
  const deep = await exec('f() { f; }; f')
  expect(deep.stderr).toMatch(/recursion|depth/i)
  expect((await exec('echo still here')).stdout).toBe('still here\n')
})

test('[SBX-321] output, files and memory are bounded', async () => {
  const { exec } = shellBed({ limits: { ...shellLimits, files: 20, outputBytes: 10_000 } })
  expect((await exec('for i in $(seq 1 50); do echo x > /workspace/f$i; done')).stderr).toMatch(/too many files/)
  const loud = await exec('for i in $(seq 1 5000); do echo aaaaaaaaaaaaaaaaaaaa; done')
  expect(loud.stdout.length).toBeLessThanOrEqual(10_000)
  expect(loud.exitCode).not.toBe(0)
})

test('[SBX-322] a line that is cancelled changes nothing', async () => {
  const { exec, server, scratch } = bed
  server.create('b.txt', 'one\n')
  const stop = new AbortController()
  const readFile = scratch.readFile
  scratch.readFile = (path) => {
    stop.abort(new Error('cancelled'))
    return readFile(path)
  }
  const line = 'echo two > /workspace/b.txt; rm /workspace/a.txt; cat /src/hello.js; sleep 1000'
  await expect(exec(line, { signal: stop.signal })).rejects.toThrow('cancelled')
  scratch.readFile = readFile
  expect(server.at('b.txt')).toBe('one\n')
  expect((await exec('cat /workspace/b.txt')).stdout).toBe('one\n')
  await expect(exec('true', { signal: stop.signal })).rejects.toThrow('cancelled')
})

test('[SBX-325] real programs are handed on, with what was changed until then made known; without them it is said', async () => {
  const alone = await bed.exec('git status')
  expect(alone).toMatchObject({ exitCode: 127 })
  expect(alone.stderr).toContain("a task of kind 'command'")
  const other = shellBed({
    runTask: async (argv, cwd) => {
      const seen = other.server.at('sub/a.txt')
      other.server.create('made.txt', 'made\n')
      return { stdout: `${argv.join(' ')} in ${cwd}: ${seen}`, stderr: '', exitCode: 5 }
    },
  })
  const { stdout, exitCode } = await other.exec(
    'mkdir /workspace/sub; cd /workspace/sub; echo now > a.txt; git add a.txt; echo $?; cat ../made.txt',
  )
  expect({ stdout, exitCode }).toEqual({ stdout: 'git add a.txt in sub: now\n5\nmade\n', exitCode: 0 })
})

import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { playDaemon } from '@tandem/server/test-daemon'
import { testServer, type TestServer } from '@tandem/server/test-server'
import type { Id } from '@tandem/shared'
import { afterAll, expect, onTestFinished, test, vi } from 'vitest'
import { ownDataDirOf } from './folder.ts'
import { noteRunning } from './running.ts'
import { spanOf } from './task.ts'
import { cable } from './test-cable.ts'
import { does, reaching, tasksOf, tempPlace } from './test-task.ts'

// Programs start slowly where many do.
const patience = { timeout: 60_000, interval: 20 }
const testTimeout = 90_000
const main = fileURLToPath(new URL('main.ts', import.meta.url))

/** Node keeps here what it has compiled, as a person's machine does: most of a start is that. */
const codeCache = mkdtempSync(join(tmpdir(), 'tandem-code-'))
afterAll(() => rmSync(codeCache, { recursive: true, force: true }))

/** The command as a person starts it: a process of its own. */
function tandem(
  args: readonly string[],
  { env = {}, cwd = tempPlace() }: { env?: Record<string, string>; cwd?: string },
) {
  const clean = { PATH: process.env['PATH'] ?? '', HOME: cwd, NODE_COMPILE_CACHE: codeCache, ...env }
  const child = spawn(process.execPath, [main, 'task', ...args], { cwd, env: clean, stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const said = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text))
  const code = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { said, code, kill: (signal: NodeJS.Signals) => child.kill(signal) }
}
const newest = (server: TestServer) => vi.waitUntil(async () => (await tasksOf(server))[0], patience)

test(
  '[TSK-130] run shows stdout and stderr as they come, each where it belongs, and ends with the code of the command',
  async () => {
    const server = await testServer()
    const daemon = await playDaemon(server, 'one')
    const flags = ['--title', 'tests', '--timeout', '15m', '--priority', '2', '--cwd', 'packages']
    flags.push('--network', '@npm,example.org', '--ports', '3000,3001')
    const run = tandem(['run', ...flags, '--', 'npm', 'test', '--', '--json'], reaching(server))
    const task = await newest(server)
    expect(task).toMatchObject({
      title: 'tests',
      timeoutMs: 900_000,
      priority: 2,
      payload: {
        ...{ kind: 'command', command: 'npm', args: ['test', '--', '--json'], cwd: 'packages' },
        network: ['@npm', 'example.org'],
        ports: [3_000, 3_001],
      },
    })
    const attempt = await daemon.begin(task.id)
    await attempt.write('one\n')
    await vi.waitFor(() => expect(run.said.out).toBe('one\n'), patience)
    await attempt.write('oh\n', 2)
    await attempt.write(new TextEncoder().encode('grün \x1b[32mok\x1b[0m\n'))
    await attempt.end('failed', { exitCode: 7 })
    expect(await run.code).toBe(7)
    expect(run.said).toEqual({ out: 'one\ngrün \x1b[32mok\x1b[0m\n', err: 'oh\n' })
  },
  testTimeout,
)

test(
  '[TSK-131] Ctrl-C cancels, a second one does not wait, and the exit code is that of a command so ended',
  async () => {
    const server = await testServer()
    const daemon = await playDaemon(server, 'one')
    const run = tandem(['run', 'sleep', '60'], reaching(server))
    const { id } = await newest(server)
    const attempt = await daemon.begin(id)
    await attempt.write('going\n')
    await vi.waitFor(() => expect(run.said.out).toBe('going\n'), patience)
    run.kill('SIGINT')
    await vi.waitFor(() => expect(daemon.heard('cancel')).toMatchObject([{ task: id, force: false }]), patience)
    run.kill('SIGINT')
    expect(await run.code).toBe(130)
    expect(daemon.heard('cancel').at(-1)).toMatchObject({ task: id, force: true })
    expect(run.said.err).toContain('Cancelling it')
    expect((await tasksOf(server))[0]?.state).toBe('cancelled')
  },
  testTimeout,
)

test(
  '[TSK-131] Ctrl-C also ends the waiting for a server that does not answer',
  async () => {
    const connections: Socket[] = []
    const silent = createServer((socket) => void connections.push(socket.on('error', () => {})))
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => (connections.forEach((each) => each.destroy()), void silent.close()))
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
    const list = tandem(['list'], reaching({ url, ownerKey: 'x' }))
    await vi.waitFor(() => expect(connections).not.toEqual([]), patience)
    list.kill('SIGINT')
    expect(await list.code).toBe(130)
    expect(list.said).toEqual({ out: '', err: '' })
  },
  testTimeout,
)

test(
  '[TSK-132] a link that breaks costs a word, and neither loses nor repeats output',
  async () => {
    const server = await testServer()
    const daemon = await playDaemon(server, 'one')
    const line = await cable(server.port)
    const run = tandem(['run', 'make'], reaching({ url: line.url, ownerKey: server.ownerKey }))
    const attempt = await daemon.begin((await newest(server)).id)
    await attempt.write('1\n')
    await vi.waitFor(() => expect(run.said.out).toBe('1\n'), patience)
    line.pull()
    await vi.waitFor(() => expect(run.said.err).toContain('asking again'), patience)
    await attempt.write('2\n')
    line.plug()
    await vi.waitFor(() => expect(run.said.out).toBe('1\n2\n'), patience)
    await attempt.write('3\n')
    await attempt.end('completed')
    expect(await run.code).toBe(0)
    expect(run.said.out).toBe('1\n2\n3\n')
    expect(await tasksOf(server)).toHaveLength(1)
  },
  testTimeout,
)

test(
  '[TSK-133] [TSK-205] [TSK-234] what waits for approval says so and where it is given, also from a terminal, and what is refused says why',
  async () => {
    const server = await testServer()
    const daemon = await playDaemon(server, 'one')
    const run = tandem(['run', 'rm', 'old.txt'], reaching(server))
    const { id } = await newest(server)
    const asked = { argsHash: 'x', summary: 'rm old.txt', reason: 'rm deletes files', risk: 'medium' }
    daemon.say({ t: 'ask', n: 90, task: id, ...asked })
    await vi.waitFor(() => expect(run.said.err).toContain('It waits for approval: rm deletes files'), patience)
    expect(run.said.err).toContain(`at ${server.url}/#task=${id}\nor with: tandem task approve ${id}, or reject\n`)
    const yes = await does(['approve', id, '--comment', 'fine'], reaching(server))
    expect(yes).toEqual({ code: 0, out: `${id}  allowed: rm old.txt\n`, err: '' })
    const twice = await does(['reject', id], reaching(server))
    expect(twice).toMatchObject({ code: 1, err: expect.stringContaining('it does not wait for approval') })
    await (await daemon.begin(id)).end('completed')
    expect(await run.code).toBe(0)

    const refused = tandem(['run', 'sudo', 'ls'], reaching(server))
    await vi.waitFor(async () => expect((await tasksOf(server))[0]?.id).not.toBe(id), patience)
    const reason = "command 'sudo' not allowed"
    daemon.say({ t: 'refuse', n: 91, task: (await newest(server)).id, code: 'command-denied', reason })
    expect(await refused.code).toBe(1)
    expect(refused.said).toEqual({ out: '', err: `tandem: It could not be run: ${reason}.\n` })
  },
  testTimeout,
)

test(
  '[TSK-134] tasks are handed in, listed, read, cancelled, and run again from a terminal',
  async () => {
    const server = await testServer()
    const daemon = await playDaemon(server, 'one')
    const reach = reaching(server)
    const detached = await does(['run', '--detach', '--', 'make', 'all'], reach)
    expect(detached).toMatchObject({ code: 0, err: '' })
    const id = detached.out.trim()
    const attempt = await daemon.begin(id)
    await attempt.write('hello\n')
    await attempt.write('oh\n', 2)
    const logs = tandem(['logs', id], reach)
    expect(await logs.code).toBe(0)
    expect(logs.said).toEqual({ out: 'hello\n', err: 'oh\n' })
    expect((await does(['list'], reach)).out).toMatch(new RegExp(`^${id} +running +\\d+[sm] +make all\n$`))
    expect(await does(['cancel', id, 'nonsense'], reach)).toMatchObject({
      code: 1,
      out: `${id}  stopping: make all\n`,
      err: expect.stringContaining('there is no such task'),
    })
    const following = tandem(['logs', '-f', id], reaching(server))
    await vi.waitFor(() => expect(following.said.out).toBe('hello\n'), patience)
    await attempt.write('bye\n')
    await attempt.end('cancelled')
    expect(await following.code).toBe(0)
    expect(following.said.out).toBe('hello\nbye\n')
    expect((await does(['retry', id], reach)).out).toBe(`${id}  queued: make all\n`)
    const again = (await does(['rerun', '--json', id], reach)).out
    expect(JSON.parse(again)).toMatchObject({ rerunOf: id, state: 'queued' })
    const { tasks } = JSON.parse((await does(['list', '--all', '--json'], reach)).out) as {
      tasks: { id: Id; state: string }[]
    }
    expect(tasks).toMatchObject([{ state: 'queued' }, { id, state: 'queued' }])
  },
  testTimeout,
)

test(
  '[TSK-135] it finds the server of the folder it stands in, and runs the command where it stands',
  async () => {
    const server = await testServer()
    const home = tempPlace()
    const folder = join(home, 'plans')
    mkdirSync(join(folder, 'a', 'b'), { recursive: true })
    const machine = { env: {}, home, isTTY: false }
    const dataDir = ownDataDirOf(folder, machine)
    mkdirSync(dataDir, { recursive: true })
    writeFileSync(join(dataDir, 'owner.key'), server.ownerKey)
    const running = { pid: process.pid, url: `${server.url}/#token=x`, apiUrl: server.url, folder, startedAt: 0 }
    const forget = noteRunning(dataDir, running)
    const env = { HOME: home }
    const run = tandem(['run', '--detach', '--json', 'ls'], { cwd: join(folder, 'a', 'b'), env })
    expect(await run.code).toBe(0)
    expect(JSON.parse(run.said.out)).toMatchObject({ payload: { cwd: 'a/b' } })
    forget()
    const nowhere = tandem(['list'], { cwd: folder, env })
    expect(await nowhere.code).toBe(1)
    expect(nowhere.said.err).toBe(
      'tandem: no folder is served here. Go into one that is, name its data folder with --data or TANDEM_DATA if it was started so, or name the server with --server.\n',
    )
    const wrong = tandem(['run', '--timeout', 'soon', 'ls'], { cwd: folder, env })
    expect(await wrong.code).toBe(1)
    expect(wrong.said.err).toContain('--timeout soon is no time')
  },
  testTimeout,
)

test('[TSK-130] times are written as people write them', () => {
  expect(['90', '90s', '1.5m', '2h', '20ms'].map(spanOf)).toEqual([90_000, 90_000, 90_000, 7_200_000, 20])
})

test(
  '[TSK-189] what others called a task does nothing to the terminal, nor does what is refused because of it',
  async () => {
    const server = await testServer()
    const daemon = await playDaemon(server, 'one')
    const asks = async (more: object): Promise<Id> => {
      const body = { title: 'a\x1b]0;owned\x07b\x9b2J', payload: { kind: 'command', command: 'make' }, ...more }
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
      return ((await (await server.inWorkspace('/tasks', init)).json()) as { id: Id }).id
    }
    const first = await asks({})
    await (await daemon.begin(first)).end('failed', { exitCode: 1 })
    const second = await asks({ dependsOn: [first] })
    for (const args of [['retry', second], ['list']]) {
      const { code, out, err } = await does(args, reaching(server))
      expect(code).toBe(args[0] === 'list' ? 0 : 1)
      expect(out + err).toContain('ab')
      for (const c of ['\x1b', '\x9b', '\x07']) expect(out + err).not.toContain(c)
    }
  },
  testTimeout,
)

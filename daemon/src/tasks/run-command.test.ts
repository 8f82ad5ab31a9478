import { createId, silentLog, systemClock, TaskPayload, type TerminalSize } from '@tandem/shared'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { createBed, type Bed } from '../sandbox/fixture.ts'
import { whereReduced } from '../sandbox/where-reduced.suite.ts'
import type { TerminalControl } from '../sandbox/terminal.ts'
import { describeExecutor, type Programs } from './executor.suite.ts'
import type { Executor, Job } from './execute.ts'
import { commandExecutor } from './run-command.ts'
import { createWays } from './ways.ts'

vi.setConfig({ testTimeout: 30_000 })

const line = (command: string, more: object = {}) =>
  TaskPayload.parse({ kind: 'command', command, shell: true, ...more })

const programs: Programs = {
  speaks: line('echo one; until [ -e go ]; do sleep 0.05; done; echo two >&2; exit 3'),
  polite: line(
    `bash -c 'trap "echo ended; exit" TERM; echo ready; while :; do sleep 0.05; done' & trap "wait; echo ended; exit" TERM; echo ready; while :; do sleep 0.05; done`,
  ),
  deaf: (mark) => line(`trap "" TERM HUP INT; setsid sleep ${mark} & sleep ${mark}`),
  floods: (bytes) => line(`head -c ${bytes} /dev/zero | tr '\\0' a; echo the end`),
  reads: line('cat; echo read'),
  makes: line('touch ran'),
  absent: { payload: TaskPayload.parse({ kind: 'command', command: 'no-such-program-at-all' }), says: /not found/ },
}

const executorIn = ({ runner, workspace, policy }: Bed) => {
  const ways = createWays({ workspace, environment: {}, clock: systemClock, log: silentLog })
  return commandExecutor({ runner, workspace, policyNow: () => policy, ways })
}

const describeBehind = (how: string, walls: { reduced?: boolean; unsafe?: boolean }) =>
  describeExecutor('command', how, async (graceMs) => {
    const bed = await createBed({ ...walls, limits: { graceMs } })
    return { executor: executorIn(bed) as Executor, workspace: bed.workspace, programs, remove: bed.remove }
  })
describeBehind('behind walls', {})
whereReduced(() => describeBehind('behind reduced walls', { reduced: true }))
describeBehind('without walls', { unsafe: true })

/** Each is opened once: to find out what the walls hold takes a while. */
const beds = new Map<boolean, Promise<Bed>>()
afterAll(async () => (await Promise.all(beds.values())).forEach((bed) => bed.remove()))

async function open({ unsafe = false } = {}) {
  const opening = beds.get(unsafe) ?? createBed({ unsafe, limits: { graceMs: 600_000 } })
  beds.set(unsafe, opening)
  const bed = await opening
  const executor = executorIn(bed) as Executor
  const run = (payload: object, more: Partial<Job> = {}) => {
    const [stop, kill] = [new AbortController(), new AbortController()]
    const opened = Promise.withResolvers<TerminalControl>()
    const task = { id: createId(), attempt: 2 }
    let text = ''
    const outcome = executor({
      task,
      payload: TaskPayload.parse({ kind: 'command', ...payload }),
      timeoutMs: 60_000,
      onOutput: (_, bytes) => void (text += new TextDecoder().decode(bytes)),
      signal: stop.signal,
      killSignal: kill.signal,
      onProcess: () => () => {},
      onTerminal: opened.resolve,
      ...more,
    })
    outcome.catch(opened.reject)
    opened.promise.catch(() => {}) // most have no terminal to wait for
    const shows = (words: string | RegExp) => vi.waitFor(() => expect(text).toMatch(words), { timeout: 20_000 })
    const type = async (words: string) => (await opened.promise).type(new TextEncoder().encode(words))
    const resize = async (size: TerminalSize) => (await opened.promise).resize(size)
    return { task, outcome, text: () => text, shows, type, resize, stop: () => stop.abort('cancelled') }
  }
  return { bed, run }
}

test('[TSK-85] a command knows its task and attempt, whatever the task asks to be set', async () => {
  const { run } = await open()
  const env = { TANDEM_TASK_ID: 'mine', PLAIN: 'yes' }
  const { task, outcome, text } = run({ command: 'echo $TANDEM_TASK_ID $TANDEM_TASK_ATTEMPT $PLAIN', shell: true, env })
  await outcome
  expect(text()).toBe(`${task.id} 2 yes\n`)
})

test('[TSK-85] a working folder that is outside, is none or is a file is refused in words', async () => {
  const { bed, run } = await open()
  mkdirSync(join(bed.workspace, 'below'))
  writeFileSync(join(bed.workspace, 'file'), '')
  expect(await run({ command: 'pwd', cwd: 'below' }).outcome).toMatchObject({ state: 'completed' })
  for (const [cwd, code, words] of [
    ['..', 'path-outside-workspace', ''],
    ['link-out', 'path-outside-workspace', ''],
    ['nowhere', 'not-found', 'does not exist'],
    ['file', 'not-found', 'is a file'],
  ] as const) {
    const refused = run({ command: 'pwd', cwd }).outcome
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringContaining(words) })
  }
})

const terminal = { cols: 90, rows: 31 }
/** An interactive shell that reads no files of anybody's. */
const shell = { command: 'bash', args: ['--norc', '--noprofile', '-i'], env: { PS1: '> ' }, terminal }

test.each([
  ['behind walls', false],
  ['without walls', true],
])('[TSK-92] a command at a terminal has it for its own, %s: its size, Ctrl-C, what is typed', async (_, unsafe) => {
  const { run } = await open({ unsafe })
  const { outcome, shows, type, resize, text } = run(shell)
  await type('test -t 0 && test -t 2 && echo at a $((40 + 2)) && stty size && echo ci=$CI.\r')
  await shows(/at a 42\r\n31 90\r\nci=\.\r\n/)
  await type('sleep 1000; echo $((1 + 1)) reached\r')
  await shows('reached')
  await type('\u0003')
  await resize({ cols: 120, rows: 40 })
  await type('echo after $((50 + 5)); stty size; exit 7\r')
  expect(await outcome).toMatchObject({ state: 'failed', result: { exitCode: 7 } })
  expect(text()).toMatch(/after 55\r\n40 120\r\n/)
  expect(text()).not.toContain('2 reached')
})

test.each([
  ['behind walls', false],
  ['without walls', true],
])('[TSK-95] an interactive shell, deaf to TERM, ends when its task is cancelled, %s', async (_, unsafe) => {
  const { run } = await open({ unsafe })
  const { outcome, shows, type, stop } = run(shell)
  await type('echo $((40 + 2))\r')
  await shows('42')
  stop()
  expect(await outcome).toMatchObject({ state: 'cancelled' })
})

test('[TSK-94] no task gets the other end of a terminal, neither its own nor another’s', async () => {
  const { run } = await open()
  const one = run(shell)
  await one.type('ls -l /proc/self/fd; echo $((40 + 2))\r')
  await one.shows(/\b42\r\n/)
  const two = run({ command: 'ls -l /proc/self/fd', shell: true })
  await two.outcome
  one.stop()
  await one.outcome
  for (const { text } of [one, two]) expect(text()).not.toMatch(/ptmx/)
  expect(two.text()).not.toMatch(/\/dev\/pts/)
})

test('[TSK-96] all that is written at a terminal arrives, also to a slow reader and at the very end', async () => {
  const { run } = await open()
  let text = ''
  const onOutput: Job['onOutput'] = async (_, bytes) => {
    text += new TextDecoder().decode(bytes)
    await new Promise(setImmediate)
  }
  const { outcome } = run({ command: 'seq 1 50000', shell: true, terminal }, { onOutput })
  expect(await outcome).toMatchObject({ state: 'completed', result: { exitCode: 0 } })
  expect(text.split('\r\n')).toEqual([...Array.from({ length: 50_000 }, (_, i) => String(i + 1)), ''])
})

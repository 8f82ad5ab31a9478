import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { env } from 'node:process'
import { silentLog } from '@tandem/shared'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Command } from '../command.ts'
import { createBed, type Bed } from '../fixture.ts'
import { describeMachine } from '../open-runner.ts'
import { findProgram } from '../walls.ts'
import { createHelper, type Helper } from './helper.ts'
import { openVendorSandbox, tryVendorSandbox } from './open.ts'
import { familyOf, listProcesses } from './process-table.ts'
import { createVendorRunner } from './runner.ts'

vi.setConfig({ testTimeout: 60_000 })

/** The library has a Linux of its own, by which all but the walls of macOS can be tried: the helper, the fence, how it ends. */
const missing = ['bwrap', 'socat', 'rg'].filter((name) => findProgram(name, env.PATH ?? '', '/none') === undefined)

function tryHelper() {
  let [bed, helper]: [Bed?, Helper?] = []
  const machine = () => ({
    ...describeMachine({
      workspace: (bed as Bed).workspace,
      policy: (bed as Bed).policy,
      environment: { ...env, HOME: (bed as Bed).home, SOME_API_KEY: 'CANARY-7f3a' },
      log: silentLog,
    }),
  })
  beforeAll(async () => {
    bed = await createBed({ unsafe: true, limits: { graceMs: 200 } })
    helper = createHelper({ path: env.PATH ?? '', log: silentLog })
  })
  afterAll(() => {
    helper?.close()
    bed?.remove()
  })
  const at = (path: string) => join((bed as Bed).workspace, path)
  const run = async (shellLine: string, more: Partial<Command> = {}) => {
    const said = { stdout: '', stderr: '' }
    const onChunk: Command['onChunk'] = (stream, bytes) => void (said[stream] += bytes.toString())
    const runner = createVendorRunner(machine(), helper as Helper)
    const result = await runner.runCommand({ shellLine, cwd: (bed as Bed).workspace, onChunk, ...more })
    return { ...result, ...said }
  }

  test('[SBX-386] ordinary work runs, and its streams and exit codes are kept apart', async () => {
    const lines = [
      'echo one',
      'echo two >&2',
      'node -p 1+1 > made',
      'git add made a.txt',
      'git commit -qm two',
      'pwd',
      'exit 3',
    ]
    const ran = await run(lines.join('\n'), { env: { GIT_TEST: 'x' } })
    expect(ran).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('two\n'),
      stdout: `one\n${bed?.workspace}\n`,
    })
    expect(readFileSync(at('made'), 'utf8')).toBe('2\n')
    expect(readdirSync((helper as Helper).folder)).toEqual([])
  })

  test('[SBX-387] nothing outside is read or written, what is hidden and protected stays so, and leftovers are set aside', async () => {
    const lines = [
      'cat ../outside/secret link-out/secret ../home/.ssh/id_ed25519 ~/.ssh/id_ed25519 .env packages/x/.env.local /etc/shadow',
      'env; cat /proc/[0-9]*/environ',
      'echo x > ../outside/written; echo x > .vscode/settings.json; echo x > .git/hooks/pre-commit; echo x > .git/config; mv .git moved',
      'echo x > /usr/local/x',
      'cat < /dev/tcp/127.0.0.1/1; mkdir .idea',
    ]
    const { stdout, quarantined } = await run(`(${lines.join('\n')}) 2>/dev/null; echo alive`)
    expect(stdout).toMatch(/alive\n$/)
    expect(stdout).not.toContain('CANARY')
    expect([
      existsSync(join((bed as Bed).outside, 'written')),
      existsSync(at('moved')),
      existsSync(at('.idea')),
    ]).toEqual([false, false, false])
    expect(readFileSync(at('.vscode/settings.json'), 'utf8')).toBe('{}\n')
    expect(quarantined?.paths).toContain('.idea')
    await run('echo x > looked', { writable: false })
    expect(existsSync(at('looked'))).toBe(false)
  })

  test('[SBX-388] what is cancelled, too late or too much is ended, with all that it started', async () => {
    const mark = `4${process.pid}`
    const line = (after: string) => `trap "" TERM; setsid sleep ${mark} & ${after}`
    expect(await run(line(`sleep ${mark}`), { limits: { wallMs: 500 } })).toMatchObject({
      reason: 'timeout',
      exitCode: null,
    })
    const stop = new AbortController()
    const cancelled = run(line(`echo ready; sleep ${mark}`), { signal: stop.signal, onChunk: () => stop.abort() })
    expect(await cancelled).toMatchObject({ reason: 'cancelled' })
    const bomb = `node -e 'const all = []; setInterval(() => all.length < 60 && all.push(Buffer.alloc(2 ** 24, 1)), 5)'`
    expect(await run(bomb, { limits: { memMb: 256 } })).toMatchObject({ reason: 'memory-limit', exitCode: null })
    const many = await run(`for i in $(seq 40); do sleep ${mark} & done; wait`, { limits: { procs: 16 } })
    expect(many.reason === 'process-limit' || many.exitCode !== 0).toBe(true)
    await run(line('exit 0'))
    const left = (await listProcesses()).filter(({ pid }) => commandLine(pid).includes(mark))
    expect(left).toEqual([])
  })

  test('[SBX-389] a helper that dies fails the commands that need it in words, and is started anew', async () => {
    await run('true')
    const pid = helper?.pid() as number
    const asked = (helper as Helper).fence('true', { denyRead: [], allowRead: [], allowWrite: [], denyWrite: [] })
    process.kill(pid, 'SIGKILL')
    await expect(asked).rejects.toMatchObject({ code: 'sandbox-unavailable', details: { reason: 'its helper ended' } })
    expect(await run('echo again')).toMatchObject({ stdout: 'again\n', exitCode: 0 })
    expect(helper?.pid()).not.toBe(pid)
  })

  test('[SBX-389] a command that runs goes on where the helper dies, behind its walls', async () => {
    const running = run('echo ready; while [ ! -e go ]; do sleep 0.05; done; cat ../outside/secret; echo done', {
      onChunk: (_, bytes) => {
        if (!bytes.toString().startsWith('ready')) return
        process.kill(helper?.pid() as number, 'SIGKILL')
        writeFileSync(at('go'), '')
      },
    })
    expect(await running).toMatchObject({ exitCode: 0 })
  })

  test('[SBX-386] a command is spoken with over a channel both ways; a terminal or a network is refused in words', async () => {
    const heard: string[] = []
    const channel = (stream: Duplex) => {
      stream.setEncoding('utf8').on('data', (text: string) => heard.push(text))
      stream.write('question\n')
    }
    const ran = await run('read -r asked <&"$TANDEM_CHANNEL"; echo "$asked?" >&"$TANDEM_CHANNEL"; echo done', {
      channel,
    })
    expect([ran.stdout, heard.join('')]).toEqual(['done\n', 'question?\n'])
    const egress = { open: async () => async () => {}, ports: [], environment: {} }
    await expect(run('true', { egress })).rejects.toThrow(/no terminal and no network/)
  })

  test('[SBX-390] it is tried by attacks; where one gets through, commands are refused with its name', async () => {
    const own = createHelper({ path: env.PATH ?? '', log: silentLog })
    const { probe, runner } = await tryVendorSandbox(machine(), own)
    // On Linux it leaves /dev to be written, which is no file system of memory on macOS.
    expect(probe).toMatchObject({
      tier: 'none',
      reason: expect.stringContaining('fill the memory that devices lie in'),
    })
    expect(probe.held).toEqual(
      expect.arrayContaining(['read a file outside', 'reach the network', 'write a file outside']),
    )
    const refused = runner.runCommand({ shellLine: 'true', cwd: '/', onChunk: () => {} })
    await expect(refused).rejects.toMatchObject({ code: 'sandbox-unavailable' })
  })
}

const commandLine = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
  } catch {
    return '' // it ended while we looked
  }
}

function sayWhyNot() {
  test(`${missing.join(', ')} cannot be found: the helper of the sandbox for macOS was not tried`, () => {})
}
describe('the sandbox of another vendor, as far as it can be tried on Linux', () => {
  ;(missing.length === 0 ? tryHelper : sayWhyNot)()
})

test('[SBX-390] where the owner has not asked for what nobody has tested, commands are refused with the way to it', async () => {
  const bed = await createBed({ unsafe: true })
  const { workspace, policy, home } = bed
  const about = describeMachine({ workspace, policy, environment: { HOME: home }, log: silentLog })
  const open = (platform: NodeJS.Platform) => openVendorSandbox(about, { path: '', mayBeReduced: false, platform })
  expect((await open('win32')).probe).toMatchObject({ tier: 'none', fix: expect.stringContaining('WSL 2') })
  expect((await open('darwin')).probe).toMatchObject({ tier: 'none', held: [] })
  bed.remove()
})

test('[SBX-388] the family of a process has those who left its group, and those whose parent has gone', () => {
  const one = (pid: number, parent: number, group = pid, since = 'then') => ({ pid, parent, group, memoryKb: 1, since })
  const known = new Map<number, string>()
  const pids = (all: ReturnType<typeof one>[], root?: number) =>
    familyOf(root, all, known)
      .map(({ pid }) => pid)
      .toSorted((a, b) => a - b)
  expect(pids([one(1, 0), one(10, 1), one(11, 10, 10), one(12, 11), one(13, 1, 10), one(20, 1)], 10)).toEqual([
    10, 11, 12, 13,
  ])
  expect(pids([one(1, 0), one(12, 1), one(14, 12)])).toEqual([12, 14])
  // Numbers are used again.
  expect(pids([one(1, 0), one(10, 1, 10, 'later'), one(12, 1, 12, 'later'), one(15, 10)])).toEqual([])
})

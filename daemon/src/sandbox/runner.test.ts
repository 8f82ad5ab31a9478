import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { silentLog } from '@tandem/shared'
import { createBed, type Bed } from './fixture.ts'
import { commandIdentity } from './identity.ts'
import { probe, startProcesses, wallsInWords } from './probe.ts'
import { createRefusingRunner, createSandboxedRunner, type Machine } from './runner.ts'
import { defaultLimits } from './limits.ts'

vi.setConfig({ testTimeout: 30_000 })

let bed: Bed | undefined
afterEach(() => bed?.remove())

describe('without a sandbox', () => {
  test('[SBX-203] every command is refused, with the reason and what to do', async () => {
    const runner = createRefusingRunner(
      'bubblewrap (bwrap) is not installed',
      'Install it: sudo apt-get install -y bubblewrap.',
    )
    const running = runner.runCommand({ shellLine: 'true', cwd: '/', onChunk: () => {} })
    await expect(running).rejects.toMatchObject({
      code: 'sandbox-unavailable',
      message: expect.stringContaining('apt-get install'),
    })
    expect(runner.tier).toBe('none')
  })

  test('[SBX-203] a bubblewrap that does not work is found out by trying, not by its version', async () => {
    bed = await createBed()
    const walls = bed.probe.walls!
    const machine = {
      workspace: bed.workspace,
      identity: commandIdentity(bed.workspace),
      limits: defaultLimits,
      protect: [],
      hide: [],
      git: {},
      hostEnvironment: {},
      toolchains: { folders: [], path: ['/usr/bin'], environment: {} },
      paths: [],
      log: silentLog,
    } satisfies Machine
    const broken = createSandboxedRunner(machine, { ...walls, bwrap: '/usr/bin/false' }, 'full')
    await expect(broken.runCommand({ shellLine: 'true', cwd: bed.workspace, onChunk: () => {} })).rejects.toMatchObject(
      { code: 'sandbox-unavailable' },
    )
    const missing = createSandboxedRunner(machine, { ...walls, bwrap: '/nonexistent/bwrap' }, 'full')
    await expect(
      missing.runCommand({ shellLine: 'true', cwd: bed.workspace, onChunk: () => {} }),
    ).rejects.toMatchObject({ code: 'sandbox-unavailable' })
  })

  test('[SBX-204] the owner may go without by name: the same interface, and it says so', async () => {
    bed = await createBed({ unsafe: true })
    expect(bed.runner.tier).toBe('none')
    expect(bed.probe).toMatchObject({ tier: 'none', reason: expect.stringContaining('--unsafe-no-sandbox') })
    expect(await bed.run('echo out; echo err >&2; echo "$NODE_ENV $SOME_API_KEY"; exit 4')).toMatchObject({
      exitCode: 4,
      stdout: 'out\ndevelopment \n',
      stderr: 'err\n',
    })
    await expect(bed.run('true', { cwd: bed.outside })).rejects.toMatchObject({ code: 'path-outside-workspace' })
  })

  test('[SBX-204] there too a timeout ends the whole group, and a left-over child does not hold the result back', async () => {
    bed = await createBed({ unsafe: true })
    const ended = await bed.run('sleep 60 & sleep 60', { limits: { wallMs: 200, graceMs: 100 } })
    expect(ended).toMatchObject({ reason: 'timeout', exitCode: null })
    const left = await bed.run('setsid sleep 3 & echo done')
    expect(left).toMatchObject({ exitCode: 0, stdout: 'done\n' })
    expect(left.endedAt - left.startedAt).toBeLessThan(2_000)
    expect(await bed.run({ argv: ['no-such-program-at-all'] })).toMatchObject({
      exitCode: 127,
      stderr: expect.stringContaining('not found'),
    })
  })
})

test('[SBX-55] root without control groups is bounded by the watchdog', async () => {
  bed = await createBed()
  const walls = { ...bed.probe.walls!, groups: undefined }
  const identity = commandIdentity(bed.workspace)
  const machine = {
    workspace: bed.workspace,
    identity,
    limits: defaultLimits,
    protect: [],
    hide: [],
    git: {},
    hostEnvironment: {},
    toolchains: { folders: [], path: ['/usr/bin'], environment: {} },
    paths: [],
    log: silentLog,
  } satisfies Machine
  const runner = createSandboxedRunner(machine, walls, 'full')
  let output = ''
  const result = await runner.runCommand({
    shellLine: startProcesses(150),
    cwd: bed.workspace,
    limits: { procs: 40, wallMs: 8_000 },
    onChunk: (_, bytes) => void (output += bytes.toString()),
  })
  if (identity.isRoot) expect(result).toMatchObject({ reason: 'process-limit', exitCode: null })
  else expect(Number(output)).toBeLessThan(48)
})

test('[SBX-205] a command that is cancelled before it starts does nothing', async () => {
  bed = await createBed()
  const ran = await bed.run('touch started', { signal: AbortSignal.abort() })
  expect(ran).toMatchObject({ reason: 'cancelled', exitCode: null })
  expect(existsSync(join(bed.workspace, 'started'))).toBe(false)
})

test('[SBX-206] a reader of output that fails ends the command, and the error is told', async () => {
  bed = await createBed()
  const onChunk = () => Promise.reject(new Error('disk full'))
  await expect(bed.run('echo x; sleep 60', { onChunk })).rejects.toThrow('disk full')
})

test('[SBX-246] the probe says what holds, by real attacks', async () => {
  bed = await createBed()
  expect(bed.probe).toMatchObject({
    tier: 'full',
    held: expect.arrayContaining([
      'read a file outside',
      'reach the network',
      'make a set-uid file',
      'start processes without limit',
      'leave behind what other programs run',
      'fill the memory that devices lie in',
    ]),
  })
  expect(wallsInWords(bed.probe, commandIdentity(bed.workspace))).toMatch(
    /^bubblewrap at \/\S+bwrap.*, processes bounded by (the kernel|a control group|a watchdog)$/,
  )
  const identity = commandIdentity(bed.workspace)
  const nowhere = await probe({ path: '', workspace: '/', identity, mayBeReduced: false, log: silentLog })
  expect(['full', 'none']).toContain(nowhere.tier)
})

test('[SBX-208] nothing of a command survives the sudden death of the daemon', async () => {
  bed = await createBed()
  const mark = `61${process.pid}`
  const script = `
    const { openRunner } = await import(${JSON.stringify(import.meta.resolve('./open-runner.ts'))})
    const { defaultPolicy } = await import(${JSON.stringify(import.meta.resolve('./policy.ts'))})
    const log = { info() {}, warn() {} }
    const workspace = ${JSON.stringify(bed.workspace)}
    const { runner } = await openRunner({ workspace, policy: defaultPolicy, environment: process.env, unsafe: false, log })
    await runner.runCommand({ shellLine: 'trap "" TERM HUP; setsid sleep ${mark} & sleep ${mark}', cwd: workspace, onChunk() {} })`
  const daemon = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' })
  await vi.waitFor(() => expect(running(mark)).toBeGreaterThanOrEqual(2), { timeout: 15_000 })
  daemon.kill('SIGKILL')
  await vi.waitFor(() => expect(running(mark)).toBe(0), { timeout: 5_000 })
})

/** How many processes of the machine have this as their last argument. */
const running = (mark: string): number =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1').endsWith(`\0${mark}\0`)
    } catch {
      return false // it ended while we looked
    }
  }).length

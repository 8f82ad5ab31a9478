import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env } from 'node:process'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'

const Findings = z.array(z.object({ title: z.string(), is: z.string(), says: z.string(), fix: z.string().optional() }))

/** What the doctor says of the sandbox, where `place` stands before it. It ends by itself. */
async function sandboxFound({ place = [] as string[], policy = {} } = {}) {
  const base = mkdtempSync(join(tmpdir(), 'tandem-doctor-'))
  onTestFinished(() => rmSync(base, { recursive: true }))
  const [folder, home] = [join(base, 'folder'), join(base, 'home')]
  for (const path of [folder, join(home, '.config/tandem')]) mkdirSync(path, { recursive: true })
  writeFileSync(join(home, '.config/tandem/policy.json'), JSON.stringify(policy))
  const [program = '', ...args] = [
    ...place,
    ...[process.execPath, join(import.meta.dirname, 'main.ts'), 'doctor', folder, '--json', '--port', '0'],
  ]
  const { stdout } = await promisify(execFile)(program, args, {
    encoding: 'utf8',
    env: { PATH: env.PATH, HOME: home },
    timeout: 55_000,
    killSignal: 'SIGKILL',
  }).catch((e: unknown) => z.object({ stdout: z.string(), killed: z.literal(false) }).parse(e)) // something else may fail
  return Findings.parse(JSON.parse(stdout)).filter(({ title }) => title === 'sandbox')
}

/** Of Landlock in this kernel: a reduced sandbox needs the sixth. */
const version = Number(
  execFileSync('perl', ['-e', 'print syscall(444, 0, 0, 1)'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }),
)

/** An ordinary container's walls: no further namespaces, and not the right to mount. */
const container = [
  'bwrap',
  '--dev-bind',
  '/',
  '/',
  '--unshare-user',
  '--disable-userns',
  '--cap-drop',
  'CAP_SYS_ADMIN',
  '--',
]

test(
  '[SBX-246] the doctor says what the walls are made of and what they held off, and ends',
  { timeout: 60_000 },
  async () => {
    expect(await sandboxFound()).toEqual([
      {
        title: 'sandbox',
        is: 'ok',
        says: expect.stringMatching(/^bubblewrap at .*attacks were tried and held off: read/),
      },
    ])
  },
)

test.runIf(version >= 6)(
  '[SBX-362] where there are no namespaces it says what would do',
  { timeout: 60_000 },
  async () => {
    expect(await sandboxFound({ place: container })).toEqual([
      {
        title: 'sandbox',
        is: 'fail',
        says: expect.stringContaining('The sandbox cannot start'),
        fix: expect.stringContaining('"onUnavailable": "reduced"'),
      },
    ])
  },
)

test.runIf(version >= 6)('[SBX-363] of a reduced sandbox it says what is open', { timeout: 60_000 }, async () => {
  const policy = { sandbox: { onUnavailable: 'reduced' } }
  expect(await sandboxFound({ place: container, policy })).toEqual([
    {
      title: 'sandbox',
      is: 'warn',
      says: expect.stringMatching(/^Landlock .*secrets in the folder.*attacks were tried and held off/),
      fix: expect.stringContaining('user namespaces'),
    },
  ])
})

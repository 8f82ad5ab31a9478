import { execFile } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env } from 'node:process'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { z } from 'zod'
import { findProgram } from './walls.ts'
import { whereReduced } from './where-reduced.suite.ts'

const base = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-place-')))
afterAll(() => rmSync(base, { recursive: true, force: true }))

const Found = z.object({
  tier: z.string(),
  reason: z.string(),
  fix: z.string().optional(),
  held: z.number(),
  said: z.string(),
})

/** What a daemon finds where nobody may open namespaces, as in an ordinary container, and what a line then says. */
async function inContainer(onUnavailable: 'refuse' | 'reduced', line: string, owner: number) {
  const workspace = join(base, `${onUnavailable}-${owner}`)
  mkdirSync(workspace)
  if (owner !== process.getuid?.()) chownSync(workspace, owner, owner)
  const modules = Object.fromEntries(
    ['open-runner', 'policy'].map((name) => [name, JSON.stringify(import.meta.resolve(`./${name}.ts`))]),
  )
  const script = `
    const { openRunner } = await import(${modules['open-runner']})
    const { Policy } = await import(${modules['policy']})
    const log = { debug() {}, info() {}, warn() {}, error() {} }
    const policy = Policy.parse({ sandbox: { onUnavailable: '${onUnavailable}' } })
    const workspace = ${JSON.stringify(workspace)}
    const { runner, probe } = await openRunner({ workspace, policy, environment: process.env, unsafe: false, log })
    let said = ''
    await runner
      .runCommand({ shellLine: ${JSON.stringify(line)}, cwd: workspace, onChunk: (_, bytes) => void (said += bytes) })
      .catch((e) => (said = e.code + ': ' + e.message))
    const { tier, reason, fix, held } = probe
    console.log(JSON.stringify({ tier, reason, fix, held: held.length, said }))`
  const place = ['--dev-bind', '/', '/', '--unshare-user', '--disable-userns', '--cap-drop', 'CAP_SYS_ADMIN']
  const node = [process.execPath, '--input-type=module', '-e', script]
  const bwrap = findProgram('bwrap', env.PATH ?? '', base) ?? 'bwrap'
  const asOwner =
    owner === process.getuid?.() ? [] : ['setpriv', `--reuid=${owner}`, `--regid=${owner}`, '--clear-groups', '--']
  const [program = '', ...args] = [...asOwner, bwrap, ...place, '--', ...node]
  const { stdout } = await promisify(execFile)(program, args, { encoding: 'utf8', timeout: 50_000 })
  return Found.parse(JSON.parse(stdout))
}

const owners = process.getuid?.() === 0 ? [0, 12_345] : [process.getuid?.() ?? -1]
chmodSync(base, 0o711)
writeFileSync(join(base, 'secret'), 'CANARY')

whereReduced(() => {
  test.each(owners)(
    '[SBX-362] [SBX-203] where nobody may open namespaces commands are refused, and it is said what would do (user %i)',
    { timeout: 60_000 },
    async (owner) => {
      const found = await inContainer('refuse', 'echo ran', owner)
      expect(found).toMatchObject({
        tier: 'none',
        reason: expect.stringContaining('The sandbox cannot start'),
        fix: expect.stringMatching(/user namespaces.*"onUnavailable": "reduced"/),
        held: 0,
        said: expect.stringMatching(/^sandbox-unavailable: .*onUnavailable/),
      })
    },
  )

  test.each(owners)(
    '[SBX-362] [SBX-363] there the owner may take a reduced sandbox, in which commands run (user %i)',
    { timeout: 60_000 },
    async (owner) => {
      const line = `node -p 40+2; echo x > made; cat made ${base}/secret; git init -q r && git -C r status -s; exec 9<>/dev/tcp/127.0.0.1/1`
      const found = await inContainer('reduced', line, owner)
      expect(found).toMatchObject({
        tier: 'reduced',
        reason: expect.stringContaining('secrets in the folder'),
        fix: expect.stringMatching(/The sandbox cannot start.*user namespaces/s),
        said: expect.stringMatching(/^42\nx\n/),
      })
      expect(found.held).toBeGreaterThanOrEqual(11)
      expect(found.said).not.toContain('CANARY')
      expect(found.said).toContain('unreachable')
    },
  )
})

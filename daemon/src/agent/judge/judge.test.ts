import { createId, type AgentMode } from '@tandem/shared'
import { openOps, type Approval } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { z } from 'zod'
import { Policy } from '../../sandbox/policy.ts'
import { argsHash } from '../loop/calls.ts'
import type { Tool } from '../loop/tool.ts'
import { bashTool } from '../tools/bash.ts'
import { fetchTool } from '../tools/fetch.ts'
import { createAnswers } from './answers.ts'
import { dangersOfEdit, dangersOfLine } from './danger.ts'
import { judgeCall } from './judge.ts'

const never = () => Promise.reject(new Error('nothing is run here'))
const toy = (name: string, input: z.ZodType, isRead = false): Tool => ({
  name,
  description: '',
  input,
  isRead,
  run: never,
})
const edits = z.object({ path: z.string(), edits: z.array(z.object({ oldText: z.string(), newText: z.string() })) })
const tools: Record<string, Tool> = {
  bash: bashTool(never),
  fetch: fetchTool(() => {
    throw new Error('nothing is fetched here')
  }),
  readFile: toy('readFile', z.object({ path: z.string() }), true),
  editFile: toy('editFile', edits),
  writeFile: toy('writeFile', z.object({ path: z.string(), content: z.string() })),
  other: toy('other', z.object({})),
}

const judge = async (
  tool: string,
  input: unknown,
  mode: AgentMode,
  more: Partial<Parameters<typeof judgeCall>[2]> & { policy?: object } = {},
) => {
  const policy = Policy.parse(more.policy ?? {})
  const ports = { mode, policyNow: () => policy, isGranted: () => false, textAt: async () => undefined, ...more }
  return judgeCall({ id: 'c', tool, input }, tools[tool] as Tool, ports)
}
const line = (script: string) => ({ script })
const edit = { path: 'a.ts', edits: [{ oldText: 'a', newText: 'b' }] }

/** [tool, arguments, what each mode says: plan, ask, auto-edit, auto] */
const table: [string, unknown, string][] = [
  ['readFile', { path: 'a.ts' }, 'allow allow allow allow'],
  ['editFile', edit, 'deny ask allow allow'],
  ['writeFile', { path: 'a.ts', content: 'x' }, 'deny ask allow allow'],
  ['writeFile', { path: 'src/AGENTS.md', content: 'x' }, 'deny ask ask ask'],
  ['editFile', { ...edit, path: '.github/workflows/ci.yml' }, 'deny ask ask ask'],
  ['bash', line('ls -la src | head'), 'deny allow allow allow'],
  ['bash', line('git status && git diff'), 'deny allow allow allow'],
  ['bash', line('npm test'), 'deny ask ask allow'],
  ['bash', line('echo x > a.txt'), 'deny ask ask allow'],
  ['bash', line('npm install left-pad'), 'deny ask ask ask'],
  ['bash', line('git push origin main'), 'deny ask ask ask'],
  ['bash', line('echo ok; rm -rf src'), 'deny ask ask ask'],
  ['bash', line('cat ../../etc/passwd'), 'deny ask ask ask'],
  ['bash', line('ls; sudo ls'), 'deny deny deny deny'],
  ['fetch', { url: 'https://api.github.com/repos' }, 'allow allow allow allow'],
  ['fetch', { url: 'https://example.org/x' }, 'deny ask ask ask'],
  ['fetch', { url: 'http://127.0.0.1:3000/' }, 'deny deny deny deny'],
  ['other', {}, 'deny ask ask allow'],
]

test.each(table)('[AGT-130] [S272] in each mode, of %s %j: %s', async (tool, input, expected) => {
  const said = []
  for (const mode of ['plan', 'ask', 'auto-edit', 'auto'] as const) said.push((await judge(tool, input, mode)).decision)
  expect(said.join(' ')).toBe(expected)
})

test('[AGT-130] what the owner says holds in every mode, and a denial beats every yes', async () => {
  const yes = { isGranted: () => true }
  expect(await judge('editFile', edit, 'auto', { policy: { commands: { mode: 'plan' } } })).toMatchObject({
    decision: 'deny',
  })
  expect(await judge('editFile', edit, 'auto', { policy: { commands: { mode: 'ask' } } })).toMatchObject({
    decision: 'ask',
  })
  expect(
    await judge('bash', line('npm test'), 'auto', { ...yes, policy: { commands: { deny: ['npm *'] } } }),
  ).toMatchObject({
    decision: 'deny',
  })
  expect(await judge('editFile', edit, 'plan', yes)).toMatchObject({ decision: 'deny' })
  expect(await judge('bash', line('git push'), 'auto', yes)).toEqual({ decision: 'allow' })
  const denied = { network: { deny: ['example.org'] } }
  expect(await judge('fetch', { url: 'https://example.org/' }, 'auto', { ...yes, policy: denied })).toMatchObject({
    decision: 'deny',
  })
  const policyNow = () => {
    throw new Error('it is not valid')
  }
  expect(await judge('editFile', edit, 'auto', { policyNow })).toMatchObject({
    decision: 'deny',
    reason: 'the policy of this machine cannot be applied: it is not valid',
  })
})

test('[AGT-131] a person is asked in words, with all that would be done', async () => {
  expect(await judge('bash', line('echo ok; rm -rf src'), 'auto')).toMatchObject({
    summary: 'echo ok; rm -rf src',
    reason: expect.stringContaining('it removes') as string,
    risk: 'high',
  })
  const asked = await judge('editFile', edit, 'ask')
  expect(asked).toMatchObject({ summary: 'a.ts\n- a\n+ b', risk: 'medium' })
  const textAt = async () => 'x\n'.repeat(500)
  expect(await judge('writeFile', { path: 'a.ts', content: 'y\n' }, 'auto', { textAt })).toMatchObject({
    decision: 'ask',
    reason: 'It removes 499 lines.',
  })
})

/** [line, the dangers in it] */
const lines: [string, string[]][] = [
  ['ls && npm test && git commit -m x', []],
  ['find . -name x', []],
  ['grep -r AGENTS.md .', []],
  ['cat /workspace/a.ts > /tmp/b', []],
  ['git -c x=y push', ['it pushes']],
  ['cd x && npm publish', ['it publishes']],
  ['pnpm --filter web publish', ['it publishes']],
  ['npm ci', ['it installs packages, which run what they bring']],
  ['python3 -m pip install x', ['it installs packages, which run what they bring']],
  ['npx cowsay', ['it installs packages, which run what they bring']],
  ['curl https://example.org', ['it reaches the network']],
  ['git pull', ['it reaches the network']],
  ['find . -name x -delete', ['it removes']],
  ['git reset --hard HEAD~1', ['it removes']],
  ['bash -c "rm a"', ['it removes']],
  ['cat ~/.ssh/id_rsa', ['it reaches outside the folder', 'it reads or writes secrets']],
  ['cat .env', ['it reads or writes secrets']],
  ['echo x > AGENTS.md', ['it changes what agents and machines are told to do']],
  ['tee .github/workflows/ci.yml', ['it changes what agents and machines are told to do']],
]
test.each(lines)('[AGT-131] [S272] the dangers of `%s`', (script, dangers) => {
  expect(dangersOfLine(script).toSorted()).toEqual(dangers.toSorted())
})

test('[AGT-131] [S272] the dangers of writing files', () => {
  expect(dangersOfEdit('src/a.ts', 10)).toEqual([])
  expect(dangersOfEdit('.agents/skills/x/SKILL.md', 0)).toEqual(['it changes what agents and machines are told to do'])
  expect(dangersOfEdit('.env.local', 0)).toEqual(['it writes where secrets are kept'])
  expect(dangersOfEdit('a.ts', 200)).toEqual(['it removes 200 lines'])
})

test('[AGT-132] [AGT-44] a yes reaches as far as was said, for the same tool and arguments, and until it is taken back', () => {
  const secret = new Uint8Array([1])
  const { approvals } = openOps(new Y.Doc())
  const [run, other, bootId] = [createId(), createId(), createId()]
  const call = { id: 'c1', tool: 'bash', input: { script: 'npm ci' } }
  const put = (more: Partial<Approval> & Pick<Approval, 'subject'>) => {
    const id = createId()
    const hash = argsHash({ ...call, id: more.subject.call ?? '' }, { secret, runId: more.subject.task })
    const times = { createdAt: 1, expiresAt: 2 }
    approvals.set(id, {
      id,
      action: 'bash',
      summary: '',
      reason: '',
      argsHash: hash,
      risk: 'high',
      state: 'approved',
      ...times,
      ...more,
    })
    return id
  }
  const answers = createAnswers({ run, bootId, approvals, secret })
  const granted = (input: unknown = call.input, tool = 'bash') => answers.isGranted({ id: 'c9', tool, input })
  const before = (subject: Approval['subject'], more: Partial<Approval>) => {
    const id = put({ subject, ...more })
    const is = granted()
    const others = [granted({ script: 'npm ci --force' }), granted(call.input, 'other')]
    approvals.remove(id)
    return [is, ...others]
  }
  const mine = { task: run, call: 'c1' }
  const theirs = { task: other, call: 'c1' }
  expect(before(mine, { scope: 'once' })).toEqual([false, false, false])
  expect(before(mine, { scope: 'run' })).toEqual([true, false, false])
  expect(before(theirs, { scope: 'run' })).toEqual([false, false, false])
  expect(before(theirs, { scope: 'session', bootId })).toEqual([true, false, false])
  expect(before(theirs, { scope: 'session', bootId: createId() })).toEqual([false, false, false])
  expect(before(theirs, { scope: 'workspace' })).toEqual([true, false, false])
  expect(before(theirs, { scope: 'workspace', state: 'revoked' })).toEqual([false, false, false])
  expect(before(theirs, { scope: 'workspace', argsHash: 'forged' })).toEqual([false, false, false])

  const question = { ...call, call: 'c1', action: 'bash', argsHash: argsHash(call, { secret, runId: run }) }
  const asked = { ...question, summary: '', reason: '', risk: 'high' as const }
  expect(answers.answer(asked)).toBeUndefined()
  put({ subject: mine, state: 'pending' })
  expect(answers.answer(asked)).toBeUndefined()
  put({ subject: mine, state: 'rejected', comment: 'no' })
  expect(answers.answer(asked)).toEqual({ isYes: false, comment: 'no' })
  put({ subject: mine, scope: 'once' })
  expect(answers.answer(asked)).toEqual({ isYes: true })
  expect(answers.answer({ ...asked, argsHash: 'other' })).toBeUndefined()
  put({ subject: mine, state: 'expired' })
  expect(answers.answer(asked)).toEqual({ isYes: false, comment: 'nobody answered in time' })
})

import { createId, TaskPayload, type Task } from '@tandem/shared'
import type { Approval } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import { Policy, defaultPolicy } from '../sandbox/policy.ts'
import { judge } from './judge.ts'

const task = (payload: object): Task => ({
  v: 1, id: createId(), title: 't', workspaceId: createId(), executor: 'daemon', payload: TaskPayload.parse({ kind: 'command', ...payload }),
  priority: 0, requires: [], onLost: 'keep', state: 'queued', attempt: 0, attempts: [], createdBy: createId(), createdByName: 'Mira', createdAt: 0,
}) // prettier-ignore
const policy = defaultPolicy
const bootId = createId()

test('[S134] [S135] the founding commands run, forbidden ones are refused in the founding words', () => {
  expect(judge(task({ command: 'node', args: ['x.mjs'] }), [], { policy, bootId })).toEqual({ decision: 'run' })
  expect(judge(task({ command: 'ls | sudo tee x', shell: true }), [], { policy, bootId })).toEqual({
    decision: 'refuse',
    code: 'command-denied',
    reason: "command 'sudo' not allowed",
  })
})

test('[TSK-6] an approval holds for the same arguments of the same task, or for the workspace where given so', () => {
  const asked = task({ command: 'rm', args: ['a b'] })
  const question = judge(asked, [], { policy, bootId })
  expect(question).toMatchObject({ decision: 'ask', summary: "rm 'a b'", risk: 'high' })
  const argsHash = question.decision === 'ask' ? question.argsHash : ''
  const approval = (more: Partial<Approval>): Approval => ({
    id: createId(), subject: { task: asked.id }, action: 'command', summary: '', reason: '', argsHash, risk: 'low', state: 'approved', createdAt: 0, expiresAt: 0, ...more,
  }) // prettier-ignore
  expect(judge(asked, [approval({})], { policy, bootId })).toEqual({ decision: 'run' })
  for (const other of [
    approval({ state: 'rejected' }),
    approval({ argsHash: 'x' }),
    approval({ subject: { task: createId() } }),
  ]) {
    expect(judge(asked, [other], { policy, bootId }).decision).toBe('ask')
  }
  const twin = task({ args: ['a b'], command: 'rm' })
  expect(judge(twin, [approval({ scope: 'workspace' })], { policy, bootId })).toEqual({ decision: 'run' })
  expect(
    judge(task({ command: 'rm', args: ['c'] }), [approval({ scope: 'workspace' })], { policy, bootId }).decision,
  ).toBe('ask')
})

test('[TSK-201] a yes for a command in one folder, environment, time, and with what it keeps, is none for another', () => {
  const payload = { command: 'rm', args: ['a'] }
  const hashOf = (changed: object, more: Partial<Task> = {}) => {
    const judged = judge({ ...task({ ...payload, ...changed }), timeoutMs: 30_000, ...more }, [], { policy, bootId })
    return judged.decision === 'ask' ? judged.argsHash : judged.decision
  }
  const hashes = [
    hashOf({}),
    hashOf({ cwd: 'b' }),
    hashOf({ env: { A: '1' } }),
    hashOf({ env: { A: '2' } }),
    hashOf({ terminal: { cols: 80, rows: 24 } }),
    hashOf({ command: 'rm a', args: [], shell: true }),
    hashOf({}, { timeoutMs: 60_000 }),
    hashOf({}, { artifacts: ['dist/**'] }),
    hashOf({}, { artifacts: ['**'] }),
  ]
  expect(new Set(hashes).size).toBe(hashes.length)
  expect(hashOf({}, { title: 'other', priority: 3 })).toBe(hashes[0])
})

test('[SBX-274] a yes for the session holds until this daemon starts anew, one that was taken back not at all', () => {
  const asked = task({ command: 'rm', args: ['a'] })
  const question = judge(asked, [], { policy, bootId })
  const argsHash = question.decision === 'ask' ? question.argsHash : ''
  const given = (more: Partial<Approval>): Approval => ({
    id: createId(), subject: { task: createId() }, action: 'command', summary: '', reason: '', argsHash, risk: 'low', state: 'approved',
    scope: 'session', bootId, createdAt: 0, expiresAt: 0, ...more,
  }) // prettier-ignore
  const judged = (more: Partial<Approval>) => judge(asked, [given(more)], { policy, bootId }).decision
  expect(judged({})).toBe('run')
  expect(judged({ scope: 'workspace', bootId: createId() })).toBe('run')
  expect(judged({ bootId: createId() })).toBe('ask')
  expect(judged({ scope: 'once' })).toBe('ask')
  for (const scope of ['session', 'workspace'] as const) expect(judged({ scope, state: 'revoked' })).toBe('ask')
  expect(judged({ argsHash: 'others' })).toBe('ask')
})

test('[TSK-33] why a person is asked reads as a sentence', () => {
  const reasonFor = (command: string) => {
    const judged = judge(task({ command, shell: true }), [], { policy, bootId })
    return judged.decision === 'ask' ? judged.reason : judged.decision
  }
  expect(reasonFor('rm a')).toBe('The policy of this machine asks first about commands like `rm *`.')
  expect(reasonFor('frobnicate')).toBe('The policy of this machine has no rule for `frobnicate`.')
  expect(reasonFor('PATH=. ls')).toBe('It sets PATH.')
})

test('[TSK-188] who sets what decides which program runs, or makes it run another, is asked about', () => {
  const judged = (env: Record<string, string>) =>
    judge(task({ command: 'npm', args: ['test'], env }), [], { policy, bootId })
  expect(judged({ npm_config_script_shell: './x', A: '1' })).toMatchObject({
    decision: 'ask',
    reason: 'It sets npm_config_script_shell.',
  })
  expect(judged({ PYTHONPATH: '.' }).decision).toBe('ask')
  // No command gets these.
  expect(judged({ LD_PRELOAD: './x.so', A: '1' })).toEqual({ decision: 'run' })
})

test('[S144] what cannot be run is refused with the reason, whatever the policy', () => {
  const unavailable = { code: 'sandbox-unavailable', reason: 'bubblewrap is not installed' }
  expect(judge(task({ command: 'ls' }), [], { policy, bootId, unavailable })).toEqual({
    decision: 'refuse',
    ...unavailable,
  })
  expect(judge(task({ kind: 'agent', prompt: 'x' }), [], { policy, bootId })).toMatchObject({
    decision: 'refuse',
    code: 'not-supported',
  })
})

test('[SBX-272] [TSK-6] a host that a command wants to reach is asked about, and what was allowed for others is not', () => {
  const asked = (...network: string[]) => judge(task({ command: 'npm', args: ['ci'], network }), [], { policy, bootId })
  const question = asked('packages.example.org')
  expect(question).toMatchObject({ decision: 'ask', reason: 'It wants to reach `packages.example.org`.' })
  const other = asked('packages.example.org', 'other.example.org')
  const hashes = [question, other, asked('@npm')].map((judged) => (judged.decision === 'ask' ? judged.argsHash : ''))
  expect(new Set(hashes).size).toBe(3)
  expect(hashes).not.toContain('')
  expect(() => task({ command: 'ls', network: ['https://example.org/'] })).toThrow('a host, as example.org')
})

test('[SBX-290] code is judged as the command that would run it', () => {
  const code = task({ kind: 'code', code: 'export default 1' })
  const judged = (commands: object) =>
    judge(code, [], { policy: { ...policy, commands: { ...policy.commands, ...commands } }, bootId: createId() })
  expect(judged({})).toEqual({ decision: 'run' })
  expect(judged({ deny: ['node *'] })).toMatchObject({ decision: 'refuse', code: 'command-denied' })
  expect(judged({ ask: ['node *'] })).toMatchObject({ decision: 'ask', summary: 'export default 1' })
})

const lineOf = (script: string, commands: object = {}, more: object = {}) =>
  judge(task({ kind: 'bash', script }), [], {
    policy: Policy.parse({ commands }),
    bootId,
    ...more,
  })

test('[SBX-336] a line of the virtual shell starts nothing: what no rule names runs, wherever it writes', () => {
  for (const line of [
    'cd /workspace; for f in src/*.ts; do sed -i "s/$A/$B/" $f; done',
    'tac a | rev > /workspace/b; greet() { echo hi; }; greet',
    'git status && npm test',
    '',
  ])
    expect(lineOf(line), line).toEqual({ decision: 'run' })
  expect(lineOf('tac a', { default: 'deny' })).toMatchObject({ decision: 'refuse', code: 'command-denied' })
  expect(lineOf('cat a | sudo tee x')).toMatchObject({ decision: 'refuse', reason: "command 'sudo' not allowed" })
  expect(lineOf('cd /workspace; rm -r src')).toMatchObject({ decision: 'ask', risk: 'high' })
  expect(lineOf('f() { rm -r src; }; f')).toMatchObject({ decision: 'ask' })
})

test('[SBX-336] the programs of a line are judged as commands; what cannot be seen of it is asked about', () => {
  expect(lineOf('cd /workspace; git push')).toMatchObject({
    decision: 'ask',
    summary: 'cd /workspace; git push',
    reason: 'The policy of this machine asks first about commands like `git push *`.',
  })
  expect(lineOf('xargs git push < list')).toMatchObject({ decision: 'ask' })
  expect(lineOf('make all', { deny: ['make *'] })).toMatchObject({ decision: 'refuse' })
  expect(lineOf('node "$X"')).toMatchObject({ decision: 'ask', reason: "The arguments of 'node' are computed." })
  expect(lineOf(`# ${'x'.repeat(20_000)}`)).toMatchObject({ decision: 'ask', reason: 'It is too long to be judged.' })
  for (const line of ['$X status', 'eval "$X"', 'bash -c "$X"', 'find . -delete', 'echo $('])
    expect(lineOf(line), line).toMatchObject({ decision: 'ask' })
})

test('[SBX-336] in the mode ask what only looks runs, and a plan runs, for neither changes anything', () => {
  const ask = { mode: 'ask' }
  expect(lineOf('cd /workspace; grep -r x . | head', ask)).toEqual({ decision: 'run' })
  for (const line of ['sed -i s/a/b/ a', 'echo x > /workspace/a', 'tac a', 'x() { ls; }'])
    expect(lineOf(line, ask), line).toMatchObject({ decision: 'ask' })
  expect(lineOf('echo x > /workspace/a', { mode: 'plan' })).toEqual({ decision: 'run' })
})

test('[SBX-335] without a sandbox lines run all the same; by a policy that cannot be known nothing does', () => {
  const unavailable = { code: 'sandbox-unavailable', reason: 'bubblewrap is not installed' }
  expect(lineOf('ls', {}, { unavailable })).toEqual({ decision: 'run' })
  const unknown = { code: 'config-invalid', reason: 'tandem.policy.json is not JSON' }
  expect(lineOf('ls', {}, { unavailable: unknown })).toEqual({ decision: 'refuse', ...unknown })
})

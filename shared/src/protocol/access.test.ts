import { expect, test } from 'vitest'
import { createId } from '../base/ids.ts'
import { atLeast, mayRead, mayWrite, roles, type Claims, type Role } from './access.ts'
import type { DocRef } from './doc-names.ts'

const principal = createId()
const other = createId()
const who = (role: Role, kind: Claims['kind'] = 'user'): Claims => ({
  kind,
  principal,
  role,
  name: 'Mira',
  workspaceId: createId(),
  epoch: createId(),
  session: createId(),
})
const x = createId()

/** [document, least role of a person who may write or none, may its daemon, may another daemon] */
const table: [DocRef, Role | undefined, boolean, boolean][] = [
  [{ kind: 'files' }, 'editor', true, true],
  [{ kind: 'file', fileId: x }, 'editor', true, true],
  [{ kind: 'requests', principal, session: x }, 'viewer', true, false],
  [{ kind: 'tasks', rotation: 0 }, undefined, false, false],
  [{ kind: 'ops' }, undefined, false, false],
  [{ kind: 'presence' }, undefined, false, false],
  [{ kind: 'daemon', daemonId: principal }, undefined, true, false],
  [{ kind: 'log', taskId: x, attempt: 1 }, undefined, true, false],
  [{ kind: 'chat', conversationId: x }, 'commenter', false, false],
  [{ kind: 'comments', fileId: x }, 'commenter', false, false],
  [{ kind: 'run', runId: x }, undefined, true, false],
  [{ kind: 'review', runId: x }, 'editor', false, false],
  [{ kind: 'skills' }, 'editor', false, false],
  [{ kind: 'tty', taskId: x, attempt: 1 }, 'runner', false, false],
  [{ kind: 'user', userId: principal }, 'viewer', true, false],
]

test.each(table)('[ACC-1] [AGT-70] [AGT-121] who may write %j', (doc, least, ours, others) => {
  const leased = (daemonId: string) => daemonId === principal
  for (const role of roles) {
    expect(mayWrite(doc, who(role), leased), role).toBe(least !== undefined && atLeast(role, least))
  }
  expect(mayWrite(doc, who('owner', 'daemon'), leased)).toBe(ours)
  expect(mayWrite(doc, { ...who('owner', 'daemon'), principal: other }, leased)).toBe(others)
})

test('[ACC-2] requests and settings of one person are for nobody else to read', () => {
  for (const doc of [
    { kind: 'requests', principal, session: x },
    { kind: 'user', userId: principal },
  ] as const) {
    expect(mayRead(doc, who('viewer'))).toBe(true)
    expect(mayRead(doc, { ...who('owner'), principal: other })).toBe(false)
  }
})

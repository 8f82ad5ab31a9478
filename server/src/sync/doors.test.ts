import {
  TandemError,
  createId,
  docName,
  mayWrite,
  silentLog,
  type Claims,
  type DocRef,
  type ErrorCode,
  type Role,
} from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import type { Connection } from '@hocuspocus/server'
import { expect, test } from 'vitest'
import { createDoors, type Context } from './doors.ts'
import type { Socket } from './socket.ts'

const place = { workspaceId: createId(), epoch: createId() }
const file: DocRef = { kind: 'file', fileId: createId() }

function doorsForTest() {
  const clock = fakeClock(1_000)
  const store = { works: true }
  const leases = new Set<string>()
  const issued = new Map<string, { claims: Claims; via: { key: string }; expiresAt: number }>()
  /** What the credential behind every token allows now, where it is not what the token says. */
  const now: { role?: Role; gone?: ErrorCode } = {}
  const principal = createId()
  const session = createId()
  const issue = (token: string, role: Role, other: Partial<Claims> = {}) =>
    issued.set(token, {
      claims: { kind: 'user', principal, name: 'Anna', role, session, ...place, ...other },
      via: { key: createId() },
      expiresAt: clock.now() + 300_000 + issued.size,
    })
  const doors = createDoors({
    place,
    serves: () => true,
    tokens: {
      verify: async (token) => {
        const found = issued.get(token)
        if (!found) throw new TandemError('unauthorized')
        return found
      },
    },
    access: {
      refresh: (_via, claims) => {
        if (now.gone) throw new TandemError(now.gone)
        return { ...claims, role: now.role ?? claims.role }
      },
      mayWrite,
    },
    holdsLease: (_daemon, task, attempt) => leases.has(`${task}.${attempt}`),
    writable: () => store.works,
    maxDocsPerConnection: 2,
    maxConnectionsPerPerson: 3,
    connectionsOf: () => 0,
    clock,
  })
  const closes: number[] = []
  const socket: Socket = {
    id: createId(),
    log: silentLog,
    who: undefined,
    connections: new Set(),
    askedAt: 0,
    close: (code) => closes.push(code),
    pause: () => {},
    health: () => ({ openedAt: 0, heardAt: 0, bytesIn: 0, rttMs: undefined }),
    pulse: () => {},
  }
  /** As Hocuspocus would keep it. */
  const join = (doc: DocRef, readOnly: boolean) => {
    const connection = { readOnly, context: { socket, doc } } as unknown as Connection<Context>
    socket.connections.add(connection)
    return connection
  }
  return { doors, socket, closes, issue, now, store, leases, join, principal }
}

test('[S49] [ACC-1] whoever may not write gets in read-only, and nobody writes while the store fails', async () => {
  const { doors, socket, issue, store } = doorsForTest()
  issue('viewer', 'viewer')
  expect(await doors.enter(socket, docName(place, file), 'viewer')).toEqual({ doc: file, readOnly: true })
  issue('editor', 'editor')
  expect(await doors.enter(socket, docName(place, file), 'editor')).toEqual({ doc: file, readOnly: false })
  store.works = false
  expect(await doors.enter(socket, docName(place, file), 'editor')).toMatchObject({ readOnly: true })
})

test('[S49] a lowered role takes effect on what is open already', async () => {
  const { doors, socket, issue, join } = doorsForTest()
  issue('editor', 'editor')
  const { readOnly } = await doors.enter(socket, docName(place, file), 'editor')
  const open = join(file, readOnly)
  expect(open.readOnly).toBe(false)
  issue('viewer', 'viewer')
  await doors.renew(socket, 'viewer')
  expect(open.readOnly).toBe(true)
})

test('[ACC-40] what a credential allows is looked at again, on what is open; where it is gone, the socket ends', async () => {
  const { doors, socket, closes, issue, join, now } = doorsForTest()
  issue('anna', 'editor')
  const open = join(file, (await doors.enter(socket, docName(place, file), 'anna')).readOnly)
  now.role = 'viewer'
  doors.recheck(socket)
  expect(open.readOnly).toBe(true)
  now.role = 'editor'
  doors.recheck(socket)
  expect(open.readOnly).toBe(false)
  now.gone = 'unauthorized'
  doors.recheck(socket)
  expect(open.readOnly).toBe(true)
  expect(closes).toEqual([4401])
  await expect(doors.enter(socket, docName(place, file), 'anna')).rejects.toMatchObject({ code: 'unauthorized' })
})

test('[S50] a token of another workspace, epoch or principal is refused, and so is what is no document', async () => {
  const { doors, socket, issue } = doorsForTest()
  const enter = (token: string, name = docName(place, file)) => doors.enter(socket, name, token)
  issue('elsewhere', 'owner', { workspaceId: createId() })
  issue('old', 'owner', { epoch: createId() })
  await expect(enter('elsewhere')).rejects.toMatchObject({ code: 'forbidden' })
  await expect(enter('old')).rejects.toMatchObject({ code: 'epoch-changed' })
  await expect(enter('nonsense')).rejects.toMatchObject({ code: 'unauthorized' })
  issue('anna', 'owner')
  await enter('anna')
  issue('ben', 'owner', { principal: createId() })
  await expect(enter('ben')).rejects.toMatchObject({ code: 'forbidden' })
  await expect(enter('anna', 'x')).rejects.toMatchObject({ code: 'not-found' })
  await expect(enter('anna', docName({ ...place, workspaceId: createId() }, file))).rejects.toMatchObject({
    code: 'forbidden',
  })
})

test('[TSK-3] a log is written only while its attempt is held', () => {
  const { doors, leases } = doorsForTest()
  const log = { kind: 'log', taskId: createId(), attempt: 1 } as const
  const claims: Claims = {
    kind: 'daemon',
    principal: createId(),
    name: 'd',
    role: 'runner',
    session: createId(),
    ...place,
  }
  expect(doors.readOnly(log, claims)).toBe(true)
  leases.add(`${log.taskId}.1`)
  expect(doors.readOnly(log, claims)).toBe(false)
  expect(doors.readOnly({ ...log, attempt: 2 }, claims)).toBe(true)
})

test('[ACC-33] a connection has a bounded number of documents', async () => {
  const { doors, socket, issue, join } = doorsForTest()
  issue('anna', 'owner')
  join(file, false)
  join(file, false)
  await expect(doors.enter(socket, docName(place, file), 'anna')).rejects.toMatchObject({ code: 'rate-limited' })
})

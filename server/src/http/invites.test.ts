import { InviteLook, createId, systemClock } from '@tandem/shared'
import { expect, test } from 'vitest'
import { cookieOf, invite, join, post, seenBy, take } from '../test-people.ts'
import { testServer, type TestServer } from '../test-server.ts'

const look = (server: TestServer, token: string) => fetch(`${server.url}/api/v1/invites/${token}`)
const roleOf = async (server: TestServer) => {
  const { workspaces } = (await (await server.api('/api/v1/workspaces')).json()) as { workspaces: { role: string }[] }
  return workspaces[0]?.role
}
/** Time is moved by hand. */
function movedClock() {
  const time = { aheadMs: 0 }
  return { time, clock: { ...systemClock, now: () => systemClock.now() + time.aheadMs } }
}

test('[ACC-43] a link says what it is for, and makes whoever opens it a member with a browser that stays signed in', async () => {
  const server = await testServer()
  const { url, token } = await invite(server, { role: 'commenter', note: 'for Anna' })
  expect(url).toBe(`${server.url}/#invite=${token}`)
  expect(InviteLook.parse(await (await look(server, token)).json())).toMatchObject({
    workspace: 'test',
    role: 'commenter',
  })
  const answer = await take(server, token, '  Anna ')
  expect(answer.status).toBe(201)
  expect(await answer.json()).toMatchObject({ name: 'Anna' })
  const anna = seenBy(server, { cookie: cookieOf(answer), origin: server.url })
  expect(await roleOf(anna)).toBe('commenter')
  await server.end()
  const again = await testServer({ dataDir: server.dataDir, ownerKey: server.ownerKey })
  expect(await roleOf(seenBy(again, { cookie: cookieOf(answer) }))).toBe('commenter')
})

test('[ACC-43] of two who come for the last use at once one gets in, and the other is told whom to ask', async () => {
  const server = await testServer()
  const { token } = await invite(server, { uses: 3 })
  const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => take(server, token, `p${i}`)))
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(3)
  const [refused] = answers.filter(({ status }) => status !== 201)
  expect(refused?.status).toBe(404)
  expect(await refused?.json()).toMatchObject({
    code: 'not-found',
    detail: expect.stringMatching(/^This link has been used up\. Ask .+ for a new one\.$/),
  })
})

test('[ACC-43] a link that has expired, was withdrawn, or is mistyped lets nobody in', async () => {
  const { time, clock } = movedClock()
  const server = await testServer({ clock })
  const short = await invite(server, { expiresInMs: 60_000 })
  const withdrawn = await invite(server)
  await server.inWorkspace(`/invites/${withdrawn.invite.id}`, { method: 'DELETE' })
  const mistyped = `${short.token.slice(0, -1)}${short.token.endsWith('A') ? 'B' : 'A'}`
  for (const token of [withdrawn.token, mistyped, 'tdi_x']) {
    for (const answer of [await look(server, token), await take(server, token, 'x')]) {
      expect(answer.status).toBe(404)
      expect(await answer.json()).toMatchObject({ detail: expect.stringContaining('There is no such link') })
    }
  }
  time.aheadMs = 60_001
  const late = await take(server, short.token, 'x')
  expect(await late.json()).toMatchObject({ detail: expect.stringMatching(/^This link has expired\. Ask .+\.$/) })
})

test('[ACC-43] whoever is a member already is raised by a link and never lowered, and wastes none', async () => {
  const server = await testServer()
  const anna = await join(server, 'editor', 'Anna')
  const lower = await invite(server, { role: 'viewer' })
  const higher = await invite(server, { role: 'runner' })
  expect((await take(server, lower.token, undefined, anna.headers)).status).toBe(200)
  expect(await roleOf(anna)).toBe('editor')
  expect((await take(server, lower.token, 'Ben')).status).toBe(201)
  const raised = await take(server, higher.token, undefined, anna.headers)
  expect(await raised.json()).toEqual({ principal: anna.principal, name: 'Anna' })
  expect(await roleOf(anna)).toBe('runner')
  // Nobody's session is taken over by a page that is not ours.
  const foreign = await take(server, higher.token, undefined, { ...anna.headers, origin: 'https://evil.example' })
  expect(foreign.status).toBe(403)
})

test('[ACC-43] only an owner invites, and a link holds no longer than its maker is one', async () => {
  const server = await testServer()
  const runner = await join(server, 'runner')
  expect((await runner.inWorkspace('/invites', post({ role: 'viewer' }))).status).toBe(403)
  expect((await runner.inWorkspace('/invites')).status).toBe(403)
  const ben = await join(server, 'owner', 'Ben')
  const backDoor = await invite(ben, { role: 'owner', uses: 5 })
  await server.inWorkspace(`/members/${ben.principal}`, { method: 'PATCH', body: JSON.stringify({ role: 'editor' }) })
  const answer = await take(server, backDoor.token, 'Ben again')
  expect(answer.status).toBe(404)
  expect(await answer.json()).toMatchObject({ detail: expect.stringContaining('Ben may not invite any more') })
  await server.inWorkspace(`/members/${ben.principal}`, { method: 'DELETE' })
  expect((await take(server, backDoor.token, 'Ben again')).status).toBe(404)
})

test('[ACC-43] who comes by a link says a name, and a link is neither guessed nor asked for without end', async () => {
  const server = await testServer({ flags: { failedSignInsPerMinute: 3 } })
  const { token } = await invite(server)
  const nameless = await take(server, token)
  expect(nameless.status).toBe(422)
  expect(await nameless.json()).toMatchObject({ errors: [expect.stringContaining('name')] })
  const hidden = await take(server, token, 'Mira\u202eelbon')
  expect(await hidden.json()).toMatchObject({ errors: [expect.stringContaining('cannot be seen')] })
  const guess = () => `tdi_${createId()}_${'x'.repeat(43)}`
  const looks = []
  for (let i = 0; i < 5; i += 1) looks.push((await look(server, guess())).status)
  expect(looks).toEqual([404, 404, 429, 429, 429])
  // A right one passes all the same: it is too long to be guessed.
  expect((await look(server, token)).status).toBe(200)
})

test('[ACC-43] the server keeps no link, only its hash', async () => {
  const server = await testServer()
  const { token, invite: info } = await invite(server, { note: 'x' })
  const listed = await (await server.inWorkspace('/invites')).text()
  expect(JSON.parse(listed)).toEqual({ invites: [info] })
  const audit = await (await server.inWorkspace('/audit')).text()
  for (const told of [listed, audit, JSON.stringify(server.lines)]) expect(told).not.toContain(token.slice(-43))
})

import { request } from 'node:http'
import { createId } from '@tandem/shared'
import { afterEach, expect, test } from 'vitest'
import { accessToken, connect } from '../harness/documents.ts'
import { cleanUp, startTandem, type Tandem } from '../harness/tandem.ts'
import { until } from '../harness/until.ts'

afterEach(cleanUp)

/** Asks for the socket as a browser would, with these headers, and answers the status. */
const upgradeStatus = (tandem: Tandem, headers: Readonly<Record<string, string>>) =>
  new Promise<number>((resolve, reject) => {
    const asked = request(`${tandem.ready.apiUrl}/api/ws?ws=${tandem.ready.workspaceId}`, {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...headers,
      },
    })
    asked.on('upgrade', (answer, socket) => {
      socket.destroy()
      resolve(answer.statusCode ?? 0)
    })
    asked.on('response', (answer) => resolve(answer.resume().statusCode ?? 0))
    asked.on('error', reject)
    asked.end()
  })

test('[S47] [S53] a bad token gets nothing, over REST or over the socket', async () => {
  const tandem = await startTandem({ files: { 'a.txt': 'secret' } })
  const paths = ['', '/files', '/files/a.txt', '/tasks'].map(
    (rest) => `/api/v1/workspaces/${tandem.ready.workspaceId}${rest}`,
  )
  for (const path of ['/api/v1/workspaces', ...paths]) {
    const answer = await fetch(tandem.ready.apiUrl + path, { headers: { authorization: 'Bearer tdm_nonsense' } })
    expect([401, 404], path).toContain(answer.status)
    expect(await answer.text()).not.toContain('secret')
  }
  const client = connect(tandem, await accessToken(tandem), { kind: 'files' }, { token: 'not.a.token' })
  await until('the socket refuses', () => client.said.some((s) => s.startsWith('refused') || s === 'closed: 4401'))
  expect(client.said).not.toContain('synced')
  expect(client.document.getMap('tree').size).toBe(0)
  client.close()
})

test('[ACC-3] a foreign Origin or Host is refused, and logged', async () => {
  const tandem = await startTandem()
  const own = new URL(tandem.ready.apiUrl).host
  expect(await upgradeStatus(tandem, { origin: `http://${own}` })).toBe(101)
  expect(await upgradeStatus(tandem, { origin: 'http://evil.example' })).toBe(403)
  expect(await upgradeStatus(tandem, { host: 'evil.example', origin: 'http://evil.example' })).toBe(403)
  await until('it is logged', () => tandem.log('server').includes('evil.example'))
  const answer = await fetch(`${tandem.ready.apiUrl}/api/v1/session`, {
    method: 'POST',
    headers: { origin: 'http://evil.example', 'content-type': 'application/json' },
    body: JSON.stringify({ token: tandem.ready.token }),
  })
  expect(answer.status).toBe(403)
  expect(answer.headers.get('set-cookie')).toBeNull()
})

test('[MIR-51] paths that lead outside or into .git are refused by the mirror, and logged', async () => {
  const tandem = await startTandem({ files: { 'a.txt': 'a', '.git/config': '[core]\n' } })
  const answer = await accessToken(tandem)
  const client = connect(tandem, answer, { kind: 'files' })
  await until('the index is here', () => client.said.includes('synced'))
  const tree = client.document.getMap('tree')
  for (const path of ['../outside.txt', '.git/hooks/pre-commit', '/tmp/outside.txt', 'a/../../outside.txt', '.GIT/x']) {
    const fileId = createId()
    const file = connect(tandem, answer, { kind: 'file', fileId })
    await until('the text is here', () => file.said.includes('synced'))
    file.document.getText('content').insert(0, 'owned')
    tree.set(fileId, { path, kind: 'text' })
    file.close()
  }
  // An honest one behind them: once it is on disk, the others have been looked at.
  tree.set(createId(), { path: 'honest.txt', kind: 'text' })
  await until('the honest file is on disk', () => tandem.read('honest.txt') !== undefined)
  for (const path of ['../outside.txt', '.git/hooks/pre-commit', '.GIT/x'])
    expect(tandem.read(path), path).toBeUndefined()
  await until('it is logged', () => tandem.log('daemon').includes('mirror path refused'))
  client.close()
})

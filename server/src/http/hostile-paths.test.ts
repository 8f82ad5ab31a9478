import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { testServer, type TestServer } from '../test-server.ts'

/** As an attacker writes it: no client of ours puts the address right before it is sent. */
function send(server: TestServer, method: string, target: string, body = '') {
  const { hostname, port } = new URL(server.url)
  return new Promise<{ status: number; code: string | undefined }>((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    let text = ''
    socket.setEncoding('utf8')
    socket.on('data', (piece: string) => (text += piece))
    socket.on('error', reject)
    socket.on('close', () => {
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1])
      resolve({ status, code: /"code":"([\w-]+)"/.exec(text)?.[1] })
    })
    const head = [
      `${method} ${target} HTTP/1.1`,
      `host: ${hostname}:${port}`,
      `authorization: Bearer ${server.ownerKey}`,
      'connection: close',
      method === 'PUT' ? 'if-none-match: *' : 'if-match: *',
      `content-length: ${Buffer.byteLength(body)}`,
    ]
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  })
}

/** By the number of the row, as it stands in the address; and as it stands in a body, where it can. */
const hostile: readonly (readonly [row: string, inAddress: string, inBody?: string])[] = [
  ['SBX-126', '../x', '../x'],
  ['SBX-126', '../../../../etc/passwd', '../../../../etc/passwd'],
  ['SBX-126', 'a/../../x', 'a/../../x'],
  ['SBX-126', './../x', './../x'],
  ['SBX-127', '%2e%2e/x'],
  ['SBX-127', '%2e%2e%2fx'],
  ['SBX-127', '.%2e/x'],
  ['SBX-127', 'a/%2E%2E/%2E%2E/x'],
  ['SBX-128', '..%c0%afx'],
  ['SBX-128', '%%32%65%%32%65/x'],
  ['SBX-130', 'a%00b', 'a\0b'],
  ['SBX-130', 'a.txt%00.png', 'a.txt\0.png'],
  ['SBX-131', '/etc/passwd', '/etc/passwd'],
  ['SBX-131', '%2fetc%2fpasswd'],
  ['SBX-131', '~/.ssh/id_rsa', '~/.ssh/id_rsa'],
  ['SBX-132', 'C:/Windows/x', 'C:/Windows/x'],
  ['SBX-132', 'c%3ax', 'c:x'],
  ['SBX-133', '%5c%5chost%5cshare%5cx', '\\\\host\\share\\x'],
  ['SBX-133', '//host/share/x', '//host/share/x'],
  ['SBX-133', 'a%5c..%5cx', 'a\\..\\x'],
  ['SBX-135', 'name.', 'name.'],
  ['SBX-135', 'name%20', 'name '],
  ['SBX-136', 'x.txt::$DATA', 'x.txt::$DATA'],
  ['SBX-136', 'x.txt:stream', 'x.txt:stream'],
  ['SBX-137', '.git/hooks/x', '.git/hooks/x'],
  ['SBX-137', '.GIT/config', '.GIT/config'],
  ['SBX-137', 'git~1/config', 'git~1/config'],
  ['SBX-137', '.g%e2%80%8cit/config', '.g\u200cit/config'],
  ['SBX-139', '%ed%a0%80x', '\ud800x'],
  ['SBX-141', 'a%0d%0ab', 'a\r\nb'],
  ['SBX-141', 'a%0d%0aset-cookie:%20x=y'],
  ['SBX-143', 'x'.repeat(300), 'x'.repeat(300)],
]

test('[SBX-126] [SBX-127] [SBX-128] [SBX-130] [SBX-131] [SBX-132] [SBX-133] [SBX-135] [SBX-136] [SBX-137] [SBX-139] [SBX-141] [SBX-143] no hostile path is served, written, moved to or removed, and each is told apart from an error of ours', async () => {
  const server = await testServer()
  const files = `/api/v1/workspaces/${server.workspaceId}/files`
  expect(await send(server, 'PUT', `${files}/a.txt`, 'mine')).toMatchObject({ status: 201 })
  const named = async () => {
    const list = (await (await server.inWorkspace('/files')).json()) as { files: { path: string }[] }
    return list.files.map(({ path }) => path)
  }
  for (const [row, inAddress, inBody] of hostile) {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answer = await send(server, method, `${files}/${inAddress}`, method === 'PUT' ? 'x' : '')
      expect(answer.status, `${row} ${method} ${inAddress}`).toBeGreaterThanOrEqual(400)
      expect(answer.status, `${row} ${method} ${inAddress}`).toBeLessThan(500)
      expect(answer.code, `${row} ${method} ${inAddress}`).toMatch(/^(path-|bad-request|not-found)/)
    }
    if (inBody === undefined) continue
    const moved = await send(server, 'POST', `${files}/a.txt?op=move`, JSON.stringify({ to: inBody }))
    expect(moved, `${row} ${inBody}`).toMatchObject({ code: expect.stringMatching(/^(path-|bad-request)/) })
  }
  expect(await named()).toEqual(['a.txt'])
})

test('[SBX-128] [SBX-142] what is encoded twice is decoded once; it and `__proto__` are ordinary names that change nothing', async () => {
  const server = await testServer()
  const files = `/api/v1/workspaces/${server.workspaceId}/files`
  for (const name of ['%252e%252e%252fx', '__proto__', 'constructor', '__proto__%2fx'])
    await send(server, 'PUT', `${files}/${name}`, name)
  const list = (await (await server.inWorkspace('/files')).json()) as { files: { path: string }[] }
  expect(list.files.map(({ path }) => path).toSorted()).toEqual(['%2e%2e%2fx', '__proto__', 'constructor'])
  expect(await (await server.inWorkspace('/files/__proto__')).text()).toBe('__proto__')
  expect(Object.keys(Object.prototype)).toEqual([])
  expect(({} as { x?: unknown }).x).toBeUndefined()
})

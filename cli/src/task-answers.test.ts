import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { playDaemon } from '@tandem/server/test-daemon'
import { testServer, type TestServer } from '@tandem/server/test-server'
import { createId, type Id } from '@tandem/shared'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createIdFinder } from './task-ids.ts'
import { does, reaching, tasksOf } from './test-task.ts'

const patience = { timeout: 60_000, interval: 20 }
const testTimeout = 90_000

/** A task about which its daemon has asked people. */
async function askedAbout(server: TestServer, daemon: Awaited<ReturnType<typeof playDaemon>>): Promise<Id> {
  const id = (await does(['run', '--detach', 'rm', 'old.txt'], reaching(server))).out.trim()
  const asked = { argsHash: 'x', summary: 'rm old.txt', reason: 'rm deletes files', risk: 'medium' }
  daemon.say({ t: 'ask', n: 90, task: id, ...asked })
  await vi.waitFor(async () => expect((await tasksOf(server))[0]?.state).toBe('awaiting_approval'), patience)
  return id
}

/** A way to the server on which the answer to the first POST that is meant is lost, after `meanwhile`. */
async function losing(server: TestServer, isMeant: (path: string) => boolean, meanwhile = async () => {}) {
  let isLost = false
  const proxy = createServer((request, response) => {
    const forward = async () => {
      const body: Buffer[] = []
      for await (const part of request) body.push(part as Buffer)
      const { method = '', url = '', headers } = request
      const loses = !isLost && method === 'POST' && isMeant(url)
      if (loses) {
        isLost = true
        await meanwhile()
      }
      const sent = {
        'content-type': headers['content-type'] ?? 'application/json',
        authorization: headers.authorization ?? '',
      }
      const init = { method, headers: sent, ...(method === 'POST' && { body: Buffer.concat(body) }) }
      const answer = await fetch(server.url + url, init)
      const text = await answer.text()
      if (loses) return void request.socket.destroy()
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' }).end(text)
    }
    forward().catch(() => request.socket.destroy())
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => (proxy.closeAllConnections(), void proxy.close()))
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, ownerKey: server.ownerKey }
}

test(
  '[TSK-237] an approval whose answer was lost counts where it stands, and not where somebody said otherwise',
  async () => {
    const server = await testServer()
    const daemon = await playDaemon(server, 'one')
    const isApprove = (path: string) => path.endsWith('/approve')
    const first = await askedAbout(server, daemon)
    const yes = await does(['approve', first], reaching(await losing(server, isApprove)))
    expect(yes).toEqual({ code: 0, out: `${first}  allowed: rm old.txt\n`, err: '' })

    const second = await askedAbout(server, daemon)
    const no = async () => void (await does(['reject', second, '--comment', 'keep it'], reaching(server)))
    const late = await does(['approve', second], reaching(await losing(server, isApprove, no)))
    expect(late).toMatchObject({ code: 1, out: '', err: expect.stringContaining(`tandem: ${second}: `) })
    expect((await tasksOf(server))[0]).toMatchObject({ id: second, state: 'cancelled' })
  },
  testTimeout,
)

test(
  '[TSK-237] a retry whose answer was lost counts, and a rerun is not asked for twice, and says what may be',
  async () => {
    const server = await testServer()
    const daemon = await playDaemon(server, 'one')
    const id = (await does(['run', '--detach', 'make'], reaching(server))).out.trim()
    await (await daemon.begin(id)).end('completed')
    const losingOf = async (verb: string) => reaching(await losing(server, (path) => path.endsWith(verb)))
    const again = await does(['retry', id], await losingOf('/retry'))
    expect(again).toEqual({ code: 0, out: `${id}  queued: make\n`, err: '' })
    await (await daemon.begin(id, 2)).end('completed')
    const lost = await does(['rerun', id], await losingOf('/rerun'))
    expect(lost).toMatchObject({ code: 1, err: expect.stringContaining('may have been made all the same') })
    expect(await tasksOf(server)).toHaveLength(2)
  },
  testTimeout,
)

test(
  '[TSK-235] states have the words of the page, and a terminal gets a line above them',
  async () => {
    const server = await testServer()
    const id = await askedAbout(server, await playDaemon(server, 'one'))
    const shown = `^${id}  needs approval +\\d+[sm]  rm old\\.txt`
    expect((await does(['list'], reaching(server))).out).toMatch(new RegExp(shown))
    const [above, line] = (await does(['list'], { ...reaching(server), isTTY: true })).out.split('\n')
    expect(above).toMatch(/^ID +STATE +AGE +TASK$/)
    expect(line).toMatch(new RegExp(shown))
    expect(await does(['reject', id], reaching(server))).toEqual({
      code: 0,
      out: `${id}  denied: rm old.txt\n`,
      err: '',
    })
  },
  testTimeout,
)

test(
  '[TSK-236] the last characters of an id are enough',
  async () => {
    const server = await testServer()
    const id = (await does(['run', '--detach', 'make'], reaching(server))).out.trim()
    const done = await does(['cancel', id.slice(-6).toLowerCase(), id.slice(-3), 'ZZZZ'], reaching(server))
    expect(done).toEqual({
      code: 1,
      out: `${id}  cancelled: make\n`,
      err: `tandem: ${id.slice(-3)}: at least the last 4 characters of an id are needed.\ntandem: ZZZZ: there is no such task.\n`,
    })
  },
  testTimeout,
)

test('[TSK-236] where an ending is that of several tasks, they are named and none is taken', async () => {
  const other = createId()
  const same = [`0${other.slice(1, 22)}ABCD`, `1${other.slice(1, 22)}ABCD`]
  const tasks = [...same, other].map((id) => ({
    ...{ id, title: 'a\x1b[2J\nb', state: 'queued', attempt: 0 },
    createdAt: new Date(0).toISOString(),
  }))
  const never = async () => expect.unreachable()
  const call = async () => Response.json({ tasks })
  const find = createIdFinder({ page: '', here: '', call, post: never, decide: never, close: async () => {} })
  await expect(find('abcd')).rejects.toThrow(
    `that is the ending of several: ${same[0]} (a b), ${same[1]} (a b); write more of it`,
  )
  expect(await find(other.slice(-8))).toBe(other)
  expect(await find(`${other.slice(0, 22)}ABCD`)).toBe(`${other.slice(0, 22)}ABCD`)
})

test('[SBX-343] run --bash hands its words as one line to the shell over the shared files; what is for commands is refused', async () => {
  const server = await testServer()
  const run = (...args: string[]) => does(['run', '--detach', ...args], reaching(server))
  await run('--bash', '--session', 'a', 'cd /workspace && ls', '|', 'wc -l')
  expect((await tasksOf(server))[0]).toMatchObject({
    title: 'cd /workspace && ls | wc -l',
    payload: { kind: 'bash', script: 'cd /workspace && ls | wc -l', session: 'a' },
  })
  await expect(run('--bash', '--cwd', 'src', 'ls')).rejects.toThrow('--cwd, --network and --ports are for commands')
  await expect(run('--session', 'a', 'ls')).rejects.toThrow('--session is for --bash')
  expect(await tasksOf(server)).toHaveLength(1)
})

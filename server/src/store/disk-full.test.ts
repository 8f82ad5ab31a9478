import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { AccessToken, Health, createId, docPath, encodeBulkFrame, type DocRef } from '@tandem/shared'
import { expect, onTestFinished, test, vi } from 'vitest'
import * as Y from 'yjs'
import { createApiKey } from '../server.ts'
import { acknowledged, testClient, type TestServer } from '../test-server.ts'

const place = '/mnt'
const bubblewrap = 'bwrap'
const inSmallDisk = (bytes: number) => ['--dev-bind', '/', '/', '--size', String(bytes), '--tmpfs', place]
/** Where a namespace of one's own is forbidden, there is no full disk to be had. */
const canMakeDisks = spawnSync(bubblewrap, [...inSmallDisk(2 ** 20), 'true']).status === 0

/** A real server on a disk of 64 MiB of its own, most of it taken by something else until `free`. */
async function serverOnSmallDisk() {
  const ownerKey = createApiKey()
  const main = new URL('../main.ts', import.meta.url).pathname
  const start = `exec 9<&0; head -c 48M /dev/zero > ${place}/other; (read -r _ <&9; rm ${place}/other) & exec "$@"`
  const child: ChildProcess = spawn(
    bubblewrap,
    [...inSmallDisk(64 * 2 ** 20), '--die-with-parent', 'sh', '-c', start, 'sh', process.execPath, main],
    {
      stdio: ['pipe', 'ignore', 'pipe', 'ipc'],
      env: {
        PATH: process.env['PATH'],
        TANDEM_DATA: place,
        TANDEM_OWNER_KEY: ownerKey,
        TANDEM_PORT: '0',
        TANDEM_PING_MS: '100',
        TANDEM_DOC_IDLE_MS: '200',
      },
    },
  )
  let said = ''
  child.stderr?.on('data', (data: Buffer) => (said += data.toString()))
  onTestFinished(async () => {
    if (child.kill('SIGKILL')) await once(child, 'exit')
  })
  const [ready] = (await once(child, 'message')) as [{ url: string; workspaceId: string }]
  const call = (route: string, body?: RequestInit['body']) =>
    fetch(`${ready.url}${route}`, {
      headers: { authorization: `Bearer ${ownerKey}` },
      ...(body !== undefined && { method: 'POST', body }),
    })
  const access = async () =>
    AccessToken.parse(
      await (
        await call(`/api/v1/workspaces/${ready.workspaceId}/access-token`, JSON.stringify({ session: createId() }))
      ).json(),
    )
  return {
    server: { ...ready, access } as unknown as TestServer,
    /** Straight to the log: the document is not in memory. */
    put: async (doc: DocRef, text: string) => {
      const made = new Y.Doc()
      made.getText('content').insert(0, text)
      const body = encodeBulkFrame({ doc: docPath(doc), update: Y.encodeStateAsUpdate(made) })
      const answer = await call(`/api/v1/workspaces/${ready.workspaceId}/bulk/put`, body)
      expect(answer.status).toBe(200)
    },
    health: async () => Health.parse(await (await call('/api/health')).json()),
    said: (words: string) => said.includes(words),
    free: () => child.stdin?.end('\n'),
  }
}

const noise = (length: number) => Array.from({ length }, () => Math.floor(Math.random() * 36).toString(36)).join('')

test.runIf(canMakeDisks)(
  '[LOG-40] [LOG-22] on a full disk everything is read-only and says why; once there is room all goes on without a restart, and nothing is lost',
  { timeout: 60_000 },
  async () => {
    const { server, put, health, said, free } = await serverOnSmallDisk()
    const early = { kind: 'file', fileId: createId() } as const
    const doc = { kind: 'file', fileId: createId() } as const
    const client = await testClient(server)
    await put(early, 'written before')
    const ops = await client.open({ kind: 'ops' })
    const writer = await client.open(doc)
    for (let i = 0; client.closes.length === 0; i++) {
      writer.text.insert(writer.text.length, noise(500_000))
      await vi.waitUntil(() => client.closes.length > 0 || !writer.provider.hasUnsyncedChanges, {
        timeout: 20_000,
        interval: 5,
      })
      expect(i).toBeLessThan(60)
    }
    expect(client.closes[0]?.code).toBe(1011)
    expect(await health()).toMatchObject({ ready: false, reasons: [expect.stringContaining('the disk is full')] })
    await vi.waitFor(
      () =>
        expect(ops.stateless).toContainEqual(
          expect.objectContaining({ t: 'store', writable: false, reason: expect.stringContaining('the disk is full') }),
        ),
      { timeout: 10_000 },
    )
    await vi.waitUntil(() => said('store still fails'), { timeout: 10_000 })
    // What is on the disk can be read all the while, also what was not in memory.
    expect((await (await testClient(server)).open(early)).text.toString()).toBe('written before')
    expect(writer.provider.hasUnsyncedChanges).toBe(true)

    free()
    await vi.waitFor(async () => expect(await health()).toMatchObject({ ready: true }), {
      timeout: 20_000,
      interval: 50,
    })
    await vi.waitUntil(() => writer.provider.synced && !writer.provider.hasUnsyncedChanges, {
      timeout: 20_000,
      interval: 5,
    })
    writer.text.insert(0, 'afterwards ')
    await acknowledged(writer.provider)
    const text = writer.text.toString()
    writer.provider.destroy()
    // From the disk again, once it has left memory.
    const reader = await (await testClient(server)).open(doc)
    expect(reader.text.toString() === text).toBe(true)
  },
)

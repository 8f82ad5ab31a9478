import { createId, encodeBulkFrames, BulkPutAnswer, docName, type Blame } from '@tandem/shared'
import { applyPrepared, prepareAlike, prepareEdits } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import { acknowledged, testClient, testServer } from '../test-server.ts'
import { restOf } from '../test-rest.ts'

/** Two daemons that share the workspace, and a text. */
async function start() {
  const server = await testServer()
  const { create, get } = restOf(server)
  await create('a.txt', 'one\ntwo\n')
  const daemons = ['laptop', 'desktop'].map((name) => ({ id: createId(), name, shared: true }))
  const clients = await Promise.all(daemons.map((daemon) => testClient(server, { daemon })))
  const { files } = await get<{ files: { id: string; path: string }[] }>('/versions/head/files')
  const doc = { kind: 'file', fileId: files.find(({ path }) => path === 'a.txt')?.id ?? '' } as const
  const blame = async () => {
    const { authors, runs } = await get<Blame>('/versions/head/blame/a.txt')
    return runs.map(({ length, author, via }) => [length, authors[author]?.name, via])
  }
  const textOf = () => server.inWorkspace('/files/a.txt').then((answer) => answer.text())
  return { server, daemons, clients, doc, blame, textOf }
}
const idOf = () => 2 ** 52 + 123_456_789
const pulled = [{ at: 4, del: 3, ins: 'TWO and more' }]

test('[MIR-23] [MIR-110] the same change of two daemons, sent before either hears of the other’s, is taken once and refused to nobody', async () => {
  const { clients, doc, blame, textOf, server } = await start()
  const copies = await Promise.all(clients.map((client) => client.open(doc)))
  const updates = copies.map((copy) => prepareAlike(copy.doc, pulled, 'disk', idOf) ?? new Uint8Array())
  expect(updates[0]).toEqual(updates[1])
  for (const [i, copy] of copies.entries()) applyPrepared(copy.doc, updates[i] as Uint8Array, 'disk')
  for (const copy of copies) await acknowledged(copy.provider)
  expect(await textOf()).toBe('one\nTWO and more\n')
  for (const copy of copies) expect(copy.text.toString()).toBe('one\nTWO and more\n')
  expect([...clients.flatMap(({ closes }) => closes), ...copies.flatMap(({ refusals }) => refusals)]).toEqual([])
  // Whoever was first is named, and nobody as passing it on.
  const [, mine] = await blame()
  expect([['laptop', 'desktop'].includes(String(mine?.[1])), mine?.[0], mine?.[2]]).toEqual([true, 12, undefined])
  expect(server.lines.filter(({ level }) => level === 'error')).toEqual([])
  // What either does next goes on from there.
  for (const [i, copy] of copies.entries()) {
    applyPrepared(copy.doc, prepareEdits(copy.doc, [{ at: 0, del: 0, ins: `${i} ` }], 'disk'), 'disk')
    await acknowledged(copy.provider)
  }
  expect((await textOf()).replaceAll(/[01] /g, '')).toBe('one\nTWO and more\n')
})

test('[MIR-110] in bulk, too: the second one is there already', async () => {
  const { clients, doc, daemons, blame, textOf, server } = await start()
  const [client] = clients
  if (!client) throw new Error('no client')
  const { doc: whole } = await client.open(doc)
  const update = prepareAlike(whole, pulled, 'disk', idOf) ?? new Uint8Array()
  for (const daemon of daemons) {
    const { token } = await server.access({ daemon })
    const answer = await server.inWorkspace('/bulk/put?mode=update', {
      method: 'POST',
      body: encodeBulkFrames([{ doc: docName(client.place, doc), update }]),
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' },
    })
    expect([answer.status, BulkPutAnswer.parse(await answer.json()).refused]).toEqual([200, []])
  }
  expect(await textOf()).toBe('one\nTWO and more\n')
  expect((await blame())[1]).toEqual([12, 'laptop', undefined])
})

import type { RestoreAnswer } from '@tandem/shared'
import { openFiles } from '@tandem/shared/docs'
import { expect, test } from 'vitest'
import { some } from '../store/blobs.suite.ts'
import { restOf } from '../test-rest.ts'
import { acknowledged, testClient, testServer } from '../test-server.ts'

async function withPictures() {
  const server = await testServer()
  const rest = restOf(server)
  const put = async (path: string, bytes: Uint8Array, headers: Record<string, string>) => {
    const body = new Uint8Array(bytes)
    const answer = await server.inWorkspace(`/files/${path}`, { method: 'PUT', body, headers })
    expect(answer.ok, path).toBe(true)
    return ((await answer.json()) as { version: number }).version
  }
  return {
    server,
    rest,
    create: (path: string, seed: number) => put(path, picture(seed), { 'if-none-match': '*' }),
    replace: (path: string, seed: number) => put(path, picture(seed), { 'if-match': '*' }),
    /** The seed of what is there. */
    at: async (path: string) => {
      const answer = await server.inWorkspace(`/files/${path}`)
      return answer.ok ? new Uint8Array(await answer.arrayBuffer())[1] : answer.status
    },
    restore: (body: object) => rest.post<RestoreAnswer>('/restore', body),
    revert: (body: object) => rest.post<RestoreAnswer>('/revert', body),
  }
}
const picture = (seed: number) => Uint8Array.of(0, seed, ...some(50))

test('[MIR-86] [LOG-57] a restore brings pictures back as they were, and its undo what was there before', async () => {
  const { rest, create, replace, at, restore, revert } = await withPictures()
  await create('changed.png', 1)
  await create('gone.png', 2)
  const version = await create('moved.png', 3)
  await replace('changed.png', 11)
  await rest.remove('gone.png')
  await rest.move('moved.png', 'b/moved.png')
  await create('made.png', 4)
  const all = async () => [
    await at('changed.png'),
    await at('gone.png'),
    await at('moved.png'),
    await at('b/moved.png'),
    await at('made.png'),
  ]
  expect(await all()).toEqual([11, 404, 404, 3, 4])
  const answer = await restore({ version })
  expect(answer.conflicts).toEqual([])
  const told = answer.files.map(({ path, change }) => `${path} ${change}`)
  expect(told.toSorted()).toEqual(['changed.png edited', 'gone.png restored', 'made.png deleted', 'moved.png moved'])
  expect(await all()).toEqual([1, 2, 3, 404, 404])
  // Once more changes nothing.
  expect(await restore({ version })).toMatchObject({ files: [], conflicts: [] })
  expect((await revert(answer.undo ?? {})).conflicts).toEqual([])
  expect(await all()).toEqual([11, 404, 404, 3, 4])
})

test('[MIR-86] [LOG-58] a revert takes back its own step alone: a picture that was changed since stays, and is named', async () => {
  const { create, replace, at, revert } = await withPictures()
  const from = await create('a.png', 1)
  await replace('a.png', 2)
  const to = await create('made.png', 3)
  const range = { from, to }
  await replace('a.png', 9)
  await replace('made.png', 8)
  expect((await revert(range)).conflicts.toSorted()).toEqual(['a.png', 'made.png'])
  expect([await at('a.png'), await at('made.png')]).toEqual([9, 8])
  await replace('a.png', 2)
  await replace('made.png', 3)
  expect(await revert(range)).toMatchObject({ conflicts: [] })
  expect([await at('a.png'), await at('made.png')]).toEqual([1, 404])
})

test('[MIR-86] [MIR-62] a restore goes back behind a text that became a picture', async () => {
  const { rest, replace, at, restore } = await withPictures()
  const { version } = await rest.create('a', 'one\n')
  await replace('a', 5)
  expect(await at('a')).toBe(5)
  expect((await restore({ version })).conflicts).toEqual([])
  expect(await rest.text('a')).toBe('one\n')
})

test('[MIR-86] where a link leads is brought back too', async () => {
  const { server, rest, restore } = await withPictures()
  const index = await (await testClient(server)).open({ kind: 'files' })
  const files = openFiles(index.doc)
  const facts = { size: 5, exec: false, eol: 'lf', bom: false } as const
  const id = files.create('link', 'symlink', { ...facts, blob: 'a.txt' })
  await acknowledged(index.provider)
  const { version } = await rest.create('a.txt', 'a')
  files.setFacts(id, { ...facts, blob: 'b.txt' })
  await acknowledged(index.provider)
  expect(await restore({ version })).toMatchObject({ files: [{ path: 'link' }], conflicts: [] })
  await expect.poll(() => files.get(id)?.facts?.blob).toBe('a.txt')
})

import { createId, systemClock, wait, type DocPlace, type DocRef } from '@tandem/shared'
import type { Api } from './api.ts'
import { createBulkPuts } from './bulk.ts'
import { openClient } from './clients.ts'
import { checkFeed } from './feed.ts'
import { createRestFile } from './rest-files.ts'
import { createTexts } from './texts.ts'
import { createVersions } from './versions.ts'
import type { Writer } from './writer.ts'

/** Everything that is written while the server is killed, and what of it was promised. */
export type Workload = {
  /** All of it at once until `ended` aborts; resolves when the last of it is over. Rejects at a wrong answer. */
  run(ended: AbortSignal): Promise<void>
  /** The server is at another address: the clients that live on come back. */
  comeBack(url: string): void
  /** The server's clock went on by days. */
  aged(): void
  /** What is wrong with what the server alone has, before anybody is back; of all texts, or of those just written. */
  checkAlone(all?: boolean): Promise<string[]>
  /** Waits until all agree; what is wrong then. From now on this state is what was promised. */
  checkTogether(cursor: { generation: number; seq: number }): Promise<string[]>
  done(): Record<
    | 'acknowledged'
    | 'documents'
    | 'restWrites'
    | 'bulkPuts'
    | 'restores'
    | 'checkpoints'
    | 'versionsChecked'
    | 'versionsThinned',
    number
  >
  end(): void
}

type Options = { api: Api; place: DocPlace; url: string; random: () => number }

/** A restore changes this one as a whole, so its marks are not counted; that all come to one text is. */
const restored = 'live/restored.txt'
const livePaths = ['live/0.txt', 'live/1.txt', 'live/2.txt', restored]

export async function openWorkload({ api, place, url: firstUrl, random }: Options): Promise<Workload> {
  let url = firstUrl
  const between = (least: number, most: number) => least + random() * (most - least)
  const texts = createTexts(api, place)
  const versions = createVersions(api, random)
  const bulk = createBulkPuts(api, random)
  const files = Array.from({ length: 4 }, (_, i) =>
    createRestFile({
      path: `rest/${i}.txt`,
      api,
      random,
      kind: i % 2 === 0 ? 'deleted now and then' : 'restored now and then',
    }),
  )
  const refByPath = await makeFiles(api, livePaths)
  const openAs = (id: string) => openClient({ id, api, workspaceId: place.workspaceId, url, random })

  // Three clients live through everything, with the same texts each.
  const survivors = ['a', 'b', 'c'].map(openAs)
  const writers = survivors.flatMap((client) =>
    [...refByPath].map(([path, ref]) => texts.open(ref, client, { isCounted: path !== restored })),
  )
  let visits = 0
  let restores = 0

  const write = async (writer: Writer, ended: AbortSignal) => {
    while (!ended.aborted) {
      for (let i = between(0, 4); i > 0 && writer.pending() < 40; i--) writer.write()
      await wait(systemClock, between(5, 40))
    }
  }
  const ask = async (step: () => Promise<boolean>, ended: AbortSignal) => {
    while (!ended.aborted && (await step())) await wait(systemClock, between(0, 30))
  }
  const restore = async () => {
    await wait(systemClock, between(50, 300))
    const known = versions.all().filter((v) => v.isKept)
    const version = known[Math.floor(random() * known.length)]
    if (!version) return true
    const body = JSON.stringify({ version: version.seq, paths: [restored] })
    const answer = await api.ask('/restore', { method: 'POST', body })
    const said = await answer?.text().catch(() => undefined)
    if (answer?.ok) restores += 1
    else if (answer && answer.status < 500) throw new Error(`restore: ${answer.status} ${said}`)
    return said !== undefined
  }

  return {
    run: async (ended) => {
      const visitors = Array.from({ length: 2 }, () => openAs(`v${++visits}`))
      const known = [...refByPath.values()].slice(0, 3)
      const visiting = visitors.flatMap((visitor) => [
        texts.open({ kind: 'file', fileId: createId() }, visitor),
        texts.open(known[visits % 3] as DocRef, visitor),
      ])
      const all = [
        ...[...writers, ...visiting].map((writer) => write(writer, ended)),
        ...files.map((file) => ask(() => file.step(versions.all()), ended)),
        ask(bulk.step, ended),
        ask(restore, ended),
      ]
      await Promise.allSettled(all)
      for (const visitor of visitors) visitor.end()
      await Promise.all(all)
    },
    comeBack: (at) => {
      url = at
      for (const client of survivors) client.moveTo(at)
    },
    aged: versions.aged,
    checkAlone: async (all = false) => [...(await texts.check(all)), ...(all ? await bulk.check(true) : [])],
    checkTogether: async (cursor) => {
      const wrong = await texts.settle()
      for (const file of files) wrong.push(...(await file.check()))
      wrong.push(...(await bulk.check(false)), ...(await checkFeed(api, cursor)), ...(await versions.check()))
      const contents = new Map([...refByPath].map(([path, ref]) => [path, texts.textOf(ref)]))
      for (const file of files) {
        const content = file.content()
        if (content !== undefined) contents.set(file.path, content)
      }
      await versions.remember(contents)
      return wrong
    },
    done: () => ({
      acknowledged: texts.done().acknowledged,
      documents: texts.done().documents + bulk.count() + files.length,
      restWrites: files.reduce((sum, file) => sum + file.done().writes, 0),
      bulkPuts: bulk.count(),
      restores: restores + files.reduce((sum, file) => sum + file.done().restores, 0),
      ...versions.done(),
    }),
    end: () => {
      for (const client of survivors) client.end()
    },
  }
}

/** Empty files, and their documents. */
async function makeFiles(api: Api, paths: readonly string[]): Promise<Map<string, DocRef>> {
  for (const path of paths)
    await api.must(`/files/${path}`, { method: 'PUT', body: '', headers: { 'if-none-match': '*' } })
  const { files } = (await (await api.must('/files')).json()) as { files: { path: string; id: string }[] }
  return new Map(
    paths.map((path) => [path, { kind: 'file', fileId: files.find((file) => file.path === path)?.id ?? '' }]),
  )
}

import { bulkFrames, createId, encodeBulkFrame } from '@tandem/shared'
import * as Y from 'yjs'
import type { Api } from './api.ts'

/** The texts that the server has, by document; undefined for none. */
export async function readTexts(api: Api, docs: readonly string[]): Promise<Map<string, string | undefined>> {
  const texts = new Map<string, string | undefined>()
  const { body } = await api.must('/bulk/read', { method: 'POST', body: JSON.stringify({ docs }) })
  for await (const { doc, update, damaged } of bulkFrames(body ?? ReadableStream.from([]))) {
    if (damaged) throw new Error(`${doc} is damaged`)
    const copy = new Y.Doc()
    if (update) Y.applyUpdate(copy, update)
    texts.set(doc, update && copy.getText('content').toString())
  }
  return texts
}

/** New documents put in bulk: what was answered must be there whole, the rest whole or not at all. */
export type BulkPuts = {
  /** Puts some; false where no answer came. */
  step(): Promise<boolean>
  /** Compares those put since the last call, or all. Returns what is wrong. */
  check(all: boolean): Promise<string[]>
  count(): number
}

export function createBulkPuts(api: Api, random: () => number): BulkPuts {
  const promised = new Map<string, string>()
  let fresh = new Map<string, string>()
  let tried = new Map<string, string>()
  return {
    count: () => promised.size,
    step: async () => {
      const frames: Uint8Array[] = []
      for (let i = 0; i < 1 + random() * 30; i++) {
        const [doc, text] = [`file/${createId()}`, 'y'.repeat(1 + random() * 600)]
        const copy = new Y.Doc()
        copy.getText('content').insert(0, text)
        frames.push(encodeBulkFrame({ doc, update: Y.encodeStateAsUpdate(copy) }))
        tried.set(doc, text)
      }
      const answer = await api.ask('/bulk/put', { method: 'POST', body: Buffer.concat(frames) })
      const said = await answer?.text().catch(() => undefined)
      if (!answer || said === undefined || answer.status >= 500) return false
      if (!answer.ok) throw new Error(`bulk put: ${answer.status} ${said}`)
      for (const [doc, text] of tried) {
        promised.set(doc, text)
        fresh.set(doc, text)
      }
      tried = new Map()
      return true
    },
    check: async (all) => {
      const found = await readTexts(api, [...(all ? promised : fresh).keys(), ...tried.keys()])
      const wrong = [...found]
        .filter(([doc, text]) => {
          const put = promised.get(doc) ?? tried.get(doc)
          return text !== put && !(text === undefined && tried.has(doc))
        })
        .map(([doc, text]) => `${doc}, put in bulk, holds ${text?.length ?? 'nothing'}`)
      fresh = new Map()
      tried = new Map()
      return wrong
    },
  }
}

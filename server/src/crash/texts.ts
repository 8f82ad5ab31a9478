import { docName, type DocPlace, type DocRef, docPath } from '@tandem/shared'
import type { Api } from './api.ts'
import { readTexts } from './bulk.ts'
import type { Client } from './clients.ts'
import { createLedger, type Deed, type Ledger } from './ledger.ts'
import { until } from './until.ts'
import type { Writer } from './writer.ts'

/** A text that clients write into; its marks are counted unless something else changes it too, such as a restore. */
type Text = { name: string; ledger: Ledger; isCounted: boolean; writers: Set<Writer>; left: Deed[]; isFresh: boolean }

/** All texts with what was promised of them. */
export type Texts = {
  /** Opens one with that client, for as long as the client lives. */
  open(doc: DocRef, client: Client, options?: { isCounted?: boolean }): Writer
  /** What is wrong with what the server alone has, before any client that lives on has come back. */
  check(all: boolean): Promise<string[]>
  /** Waits until every copy is the server's, and compares once more. Returns what is wrong. */
  settle(): Promise<string[]>
  /** A text as it was when all agreed. */
  textOf(doc: DocRef): string
  done(): { documents: number; acknowledged: number }
}

export function createTexts(api: Api, place: DocPlace): Texts {
  const texts = new Map<string, Text>()
  let settled = new Map<string, string | undefined>()
  let acknowledged = 0

  const openDeeds = ({ writers, left }: Text) => [...[...writers].flatMap((w) => w.open()), ...left]
  const compare = (found: ReadonlyMap<string, string | undefined>): string[] =>
    [...found].flatMap(([doc, text]) => {
      const known = texts.get(doc)
      if (!known?.isCounted) return []
      for (const writer of known.writers) {
        const taken = writer.takeAcknowledged()
        acknowledged += taken.length
        known.ledger.promise(taken)
      }
      return known.ledger.check(text ?? '', openDeeds(known)).map((wrong) => `${doc}: ${wrong}`)
    })
  const state = () =>
    [...texts].flatMap(([doc, { writers }]) =>
      [...writers]
        .filter((w) => !w.isSynced() || w.pending() > 0)
        .map(
          (w) => `${doc} (${w.isSynced() ? `${w.pending()} not acknowledged` : 'not in sync'}, ${w.refusal() ?? ''})`,
        ),
    )

  return {
    open: (ref, client, { isCounted = true } = {}) => {
      const doc = docPath(ref)
      const text = texts.get(doc) ?? {
        name: docName(place, ref),
        ledger: createLedger(),
        isCounted,
        writers: new Set<Writer>(),
        left: [],
        isFresh: true,
      }
      text.isFresh = true
      texts.set(doc, text)
      const writer = client.open(text.name)
      text.writers.add(writer)
      client.onEnd(() => {
        const taken = writer.takeAcknowledged()
        acknowledged += taken.length
        text.ledger.promise(taken)
        text.left.push(...writer.open())
        text.writers.delete(writer)
      })
      return writer
    },
    check: async (all) =>
      compare(
        await readTexts(
          api,
          [...texts].flatMap(([doc, t]) => (all || t.isFresh ? doc : [])),
        ),
      ),
    settle: async () => {
      await until(
        () => state().length === 0,
        () => `not all is in sync: ${state().join(', ')}`,
      )
      const fresh = [...texts].flatMap(([doc, t]) => (t.isFresh ? doc : []))
      settled = await readTexts(api, fresh)
      const wrong = compare(settled)
      for (const doc of fresh) {
        const text = texts.get(doc)
        if (!text) continue
        const found = settled.get(doc) ?? ''
        for (const writer of text.writers)
          if (writer.text() !== found) wrong.push(`${doc}: a client and the log do not hold the same text`)
        if (text.isCounted) text.ledger.settle(found)
        text.left = []
        text.isFresh = text.writers.size > 0
      }
      return wrong
    },
    textOf: (ref) => settled.get(docPath(ref)) ?? '',
    done: () => ({ documents: texts.size, acknowledged }),
  }
}

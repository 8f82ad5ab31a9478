import * as Y from 'yjs'
import type { TextEdit } from '../merge/edits.ts'
import { draftDoc } from './draft.ts'

/** Each import that is made alike costs the document one client id for ever: beyond so many, none is made. */
const maxClients = 300

/**
 * The update that these edits would be, without making them, under a client id that is made of the update: whoever
 * makes the same edit of the same text makes the same update, byte for byte, and Yjs takes it once, however often and
 * from wherever it comes. `idOf` is given what is inserted, between which neighbours (what only is deleted needs no id:
 * Yjs takes that once anyway, and nothing else of the document counts, so that others may type elsewhere in it), and
 * answers a number that nobody else writes under; 53 bits hold it. Undefined where there is nothing to be made alike, the
 * document has that update already, or has too many ids: then the edits are to be prepared as ever.
 */
export function prepareAlike(
  doc: Y.Doc,
  edits: readonly TextEdit[],
  origin: unknown,
  idOf: (inserted: Uint8Array) => number,
): Uint8Array | undefined {
  if (doc.store.clients.size > maxClients || edits.every(({ ins }) => ins === '')) return undefined
  const whole = Y.encodeStateAsUpdate(doc)
  // Its neighbours in the document are never of this id: none that is in use is zero.
  const clientId = idOf(made(whole, 0, origin, (text) => insert(text, edits)))
  if (doc.store.clients.has(clientId)) return undefined
  return made(whole, clientId, origin, (text) => {
    insert(text, edits)
    remove(text, edits)
  })
}

/** What this work on a copy is as an update. */
function made(whole: Uint8Array, clientId: number, origin: unknown, work: (text: Y.Text) => void): Uint8Array {
  const draft = draftDoc()
  Y.applyUpdate(draft, whole)
  draft.clientID = clientId
  let update = new Uint8Array()
  draft.on('update', (u: Uint8Array) => (update = new Uint8Array(u)))
  draft.transact(() => work(draft.getText('content')), origin)
  draft.destroy()
  return update
}

/** Behind what is to be replaced, where an insertion after the deletion would be too. */
function insert(text: Y.Text, edits: readonly TextEdit[]): void {
  for (const { at, del, ins } of edits.toReversed()) if (ins !== '') text.insert(at + del, ins)
}

/** What the same edits delete, once the insertions are there. */
function remove(text: Y.Text, edits: readonly TextEdit[]): void {
  let moved = edits.reduce((sum, { ins }) => sum + ins.length, 0)
  for (const { at, del, ins } of edits.toReversed()) {
    moved -= ins.length
    if (del > 0) text.delete(at + moved, del)
  }
}

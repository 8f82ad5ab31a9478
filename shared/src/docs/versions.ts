import * as decoding from 'lib0/decoding'
import { fromBase64, toBase64 } from 'lib0/buffer'
import * as Y from 'yjs'
import type { TextEdit } from '../merge/edits.ts'
import type { Chars } from '../protocol/review.ts'
import { draftDoc } from './draft.ts'
import { applyEdits } from './text.ts'

/** Where a document stands, state vector and delete set, in base64: what a tombstone or a shadow remembers of it. */
export const stateOf = (doc: Y.Doc): string => toBase64(Y.encodeSnapshot(Y.snapshot(doc)))

/** What a document has at least once an update is in it: `includesState` then tells whether it arrived. */
export const stateOfUpdate = (update: Uint8Array): string =>
  toBase64(Y.encodeSnapshot(Y.createSnapshot(Y.decodeUpdate(update).ds, Y.parseUpdateMeta(update).to)))

/** The characters of all who wrote in a document, deleted ones too, by its state. */
export const charsOfState = (state: string): Chars =>
  [...Y.decodeSnapshot(fromBase64(state)).sv].flatMap(([client, length]) => (length > 0 ? [[client, 0, length]] : []))

/** Whether the document has everything, insertions and deletions, of a state written by `stateOf`. */
export function includesState(doc: Y.Doc, state: string): boolean {
  const then = Y.decodeSnapshot(fromBase64(state))
  const now = Y.snapshot(doc)
  for (const [client, clock] of then.sv) if ((now.sv.get(client) ?? 0) < clock) return false
  return Y.equalDeleteSets(Y.mergeDeleteSets([now.ds, then.ds]), now.ds)
}

/**
 * The update that these edits would be, without making them: so that it can be written ahead before anyone sees it.
 * It is of the document's own client id: it must be applied before the next one is prepared.
 */
export function prepareEdits(doc: Y.Doc, edits: readonly TextEdit[], origin: unknown): Uint8Array {
  const draft = draftDoc()
  Y.applyUpdate(draft, Y.encodeStateAsUpdate(doc))
  draft.clientID = doc.clientID
  let update = new Uint8Array()
  draft.on('update', (u: Uint8Array) => (update = new Uint8Array(u)))
  applyEdits(draft.getText('content'), edits, origin)
  draft.destroy()
  return update
}

/** Makes prepared edits. As a transaction of our own: Yjs would take a foreign update with our client id for a clash. */
export const applyPrepared = (doc: Y.Doc, update: Uint8Array, origin: unknown): void =>
  doc.transact((transaction) => {
    Y.applyUpdate(doc, update, origin)
    transaction.local = true
  }, origin)

/** Whether an update finds in the document all that it builds upon. */
export function fits(doc: Y.Doc, update: Uint8Array): boolean {
  const draft = draftDoc()
  Y.applyUpdate(draft, Y.encodeStateAsUpdate(doc))
  Y.applyUpdate(draft, update)
  const whole = draft.store.pendingStructs === null && draft.store.pendingDs === null
  draft.destroy()
  return whole
}

const utf8 = new TextEncoder()

/**
 * A file document that holds just this text, as one insertion by `clientId`, written straight in Yjs' update format:
 * seeding 10,000 files through as many Y.Docs takes seconds, this takes milliseconds. With the state it results in.
 */
export function seedText(text: string, clientId: number): { update: Uint8Array; state: string } {
  const client = varUint(clientId)
  // No client, and no deletions.
  if (text === '') return { update: Uint8Array.of(0, 0), state: toBase64(Uint8Array.of(0, 0)) }
  const content = utf8.encode(text)
  const length = varUint(content.length)
  // One client with one struct from clock 0: a string without neighbours, whose parent is the root type 'content'.
  const head = [1, 1, ...client, 0, 4, 1, 7, ...utf8.encode('content'), ...length]
  // Put together at once: lib0's own way writes a text byte by byte. The last byte: no deletions.
  const update = new Uint8Array(head.length + content.length + 1)
  update.set(head)
  update.set(content, head.length)
  return { update, state: toBase64(Uint8Array.from([0, 1, ...client, ...varUint(text.length)])) }
}

/** A number as lib0 writes it, seven bits a byte. */
function varUint(n: number): number[] {
  const out: number[] = []
  let rest = n
  for (; rest > 127; rest = Math.floor(rest / 128)) out.push(128 | (rest % 128))
  out.push(rest)
  return out
}

/** Reads a file document's whole update: its text and where it stands. */
export function readFileUpdate(update: Uint8Array | undefined): {
  text: string
  state: string
  includes(state: string): boolean
} {
  const simple = update && plainText(update)
  if (simple) return simple
  const doc = draftDoc()
  if (update) Y.applyUpdate(doc, update)
  return {
    text: doc.getText('content').toString(),
    state: stateOf(doc),
    includes: (state) => includesState(doc, state),
  }
}

/** Reads what `seedText` wrote without building a document; undefined where it is anything else. */
function plainText(update: Uint8Array): ReturnType<typeof readFileUpdate> | undefined {
  const d = decoding.createDecoder(update)
  try {
    if (decoding.readVarUint(d) !== 1 || decoding.readVarUint(d) !== 1) return undefined
    const client = decoding.readVarUint(d)
    if (decoding.readVarUint(d) !== 0 || decoding.readUint8(d) !== 4 || decoding.readVarUint(d) !== 1) return undefined
    if (decoding.readVarString(d) !== 'content') return undefined
    const text = decoding.readVarString(d)
    if (decoding.readVarUint(d) !== 0 || decoding.hasContent(d)) return undefined
    const { state } = seedText(text, client)
    return { text, state, includes: (other) => other === state || readFileUpdateSlowly(update, other) }
  } catch {
    return undefined
  }
}

function readFileUpdateSlowly(update: Uint8Array, state: string): boolean {
  const doc = draftDoc()
  Y.applyUpdate(doc, update)
  return includesState(doc, state)
}

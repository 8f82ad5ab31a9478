import type { HeldDoc } from './documents.ts'

/** `open`, once for each document: a wrapper watches its document for as long as that lives. */
export function perDoc<T extends object>(open: (doc: HeldDoc) => T): (doc: HeldDoc) => T {
  const opened = new WeakMap<HeldDoc, T>()
  return (doc) => {
    const known = opened.get(doc) ?? open(doc)
    opened.set(doc, known)
    return known
  }
}

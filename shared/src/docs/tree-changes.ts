import type * as Y from 'yjs'
import { Id } from '../base/ids.ts'
import { FileFacts, TreeEntry } from './files.ts'

/** What became of a file in the index: its place before and after, and whether its content is another blob. */
export type TreeChange = {
  id: Id
  before: TreeEntry | undefined
  after: TreeEntry | undefined
  content: boolean
}

/**
 * Tells, after each transaction on the index, what it changed of places and contents. Sizes and line ends are not told:
 * they follow a text that changes by itself.
 */
export function onTreeChange(doc: Y.Doc, listen: (changes: readonly TreeChange[]) => void): void {
  const tree = doc.getMap<unknown>('tree')
  const facts = doc.getMap<unknown>('facts')
  const place = (raw: unknown) => TreeEntry.safeParse(raw).data
  const blob = (raw: unknown) => FileFacts.safeParse(raw).data?.blob
  let changes = new Map<Id, TreeChange>()
  tree.observe(({ changes: { keys } }) => {
    for (const [id, { oldValue }] of keys) {
      const [before, after] = [place(oldValue), place(tree.get(id))]
      // What does not parse is shown to nobody, neither now nor then.
      if (!Id.safeParse(id).success || (!before && !after)) continue
      changes.set(id, { id, before, after, content: changes.get(id)?.content ?? false })
    }
  })
  facts.observe(({ changes: { keys } }) => {
    for (const [id, { action, oldValue }] of keys) {
      if (action !== 'update' || blob(oldValue) === blob(facts.get(id))) continue
      const now = place(tree.get(id))
      if (now) changes.set(id, { ...(changes.get(id) ?? { id, before: now, after: now }), content: true })
    }
  })
  doc.on('afterTransaction', () => {
    if (changes.size === 0) return
    const told = [...changes.values()]
    changes = new Map()
    listen(told)
  })
}

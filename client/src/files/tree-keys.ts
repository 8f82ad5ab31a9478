import { parentOf } from '@tandem/shared'
import { findByTyping, type TreeRow } from './tree.ts'

type Place = { rows: readonly TreeRow[]; at: number; page: number; typed: { text: string; at: number } }
type Result = { focus?: number; toggle?: readonly string[] }

/** How long a pause may be between the letters of one word. */
const typingMs = 700

/** What a key does in a tree, as the ARIA practices say; undefined where it is not ours. Remembers letters in `typed`. */
export function treeKey(
  key: string,
  { rows, at, page, typed }: Place,
  now: number = performance.now(),
): Result | undefined {
  const row = rows[at]
  const last = rows.length - 1
  switch (key) {
    case 'ArrowDown':
      return { focus: Math.min(last, at + 1) }
    case 'ArrowUp':
      return { focus: Math.max(0, at - 1) }
    case 'Home':
      return { focus: 0 }
    case 'End':
      return { focus: last }
    case 'PageDown':
      return { focus: Math.min(last, at + page) }
    case 'PageUp':
      return { focus: Math.max(0, at - page) }
    case 'ArrowRight':
      if (row?.node.kind !== 'folder') return {}
      return row.expanded ? { focus: Math.min(last, at + 1) } : { toggle: [row.node.path] }
    case 'ArrowLeft': {
      if (row?.expanded) return { toggle: [row.node.path] }
      const parent = rows.findIndex((r) => r.node.path === parentOf(row?.node.path ?? ''))
      return parent >= 0 ? { focus: parent } : {}
    }
    case '*': {
      const parent = parentOf(row?.node.path ?? '')
      return {
        toggle: rows
          .filter((r) => r.node.kind === 'folder' && !r.expanded && parentOf(r.node.path) === parent)
          .map((r) => r.node.path),
      }
    }
    default: {
      if (key.length !== 1) return undefined
      if (now - typed.at > typingMs) typed.text = ''
      typed.text += key
      typed.at = now
      const found = findByTyping(rows, at, typed.text)
      return found >= 0 ? { focus: found } : {}
    }
  }
}

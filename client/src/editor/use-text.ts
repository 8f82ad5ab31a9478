import { atLeast } from '@tandem/shared'
import type { FileEntry, View } from '@tandem/shared/docs'
import type { DocState } from '../session/open-doc.ts'
import { useDoc, useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'

/** How it stands with the text of the file in the foreground. */
export type TextState =
  | { is: 'ready'; entry: FileEntry; readOnly: string | undefined }
  | { is: 'loading' | 'absent' | 'none' }
  | { is: 'not-text'; entry: FileEntry }
  | { is: 'refused'; reason: string }

const notOpen: DocState = { ready: false, synced: false, pending: 0, diverged: false, refused: undefined }
const closed: View<DocState> = { snapshot: () => notOpen, subscribe: () => () => {} }

/** Opens the text of a file, and tells whether it can be shown. */
export function useText(entry: FileEntry | undefined): TextState {
  const session = useSession()
  const isText = entry?.kind === 'text' && entry.facts?.withheld === undefined
  const handle = useDoc(entry && isText ? { kind: 'file', fileId: entry.id } : undefined)
  const { ready, refused } = useView(handle?.state ?? closed)
  const link = useView(session.link)
  const { claims } = useView(session.identity)
  if (!entry) return { is: 'none' }
  if (!isText) return { is: 'not-text', entry }
  if (handle && (ready || (link.phase === 'offline' && isFresh(entry))))
    return { is: 'ready', entry, readOnly: whyReadOnly(entry, claims.role) }
  if (refused !== undefined) return { is: 'refused', reason: refused }
  return { is: handle && link.phase === 'offline' ? 'absent' : 'loading' }
}

/** Made here and now, it has no text elsewhere to wait for. */
const isFresh = (entry: FileEntry) => entry.facts === undefined

function whyReadOnly(entry: FileEntry, role: Parameters<typeof atLeast>[0]): string | undefined {
  if (entry.deleted) return 'This file is deleted. Restore it to edit.'
  return atLeast(role, 'editor') ? undefined : `As ${role} you may read this file, not change it.`
}

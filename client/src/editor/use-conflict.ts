import { atLeast, diffText, messageOf, TandemError } from '@tandem/shared'
import type { FileEntry, MirrorConflict } from '@tandem/shared/docs'
import { type RefObject, useState } from 'react'
import type { Said } from '../session/attention.ts'
import { blobText, hasBlobText } from '../session/blob-texts.ts'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { toast } from '../ui/toast.ts'
import type { EditorHandle } from './code-editor.tsx'
import { blobsOf, keepPlan, type KeepPlan, type Side } from './keep-plan.ts'
import { keepSide } from './keep-side.ts'

const words = { disk: 'disk’s', remote: 'shared' } as const

/** What a person can do about one conflict of a file, and why not, where not. */
export function useConflict(conflict: Said<MirrorConflict>, entry: FileEntry, editor: RefObject<EditorHandle | null>) {
  const session = useSession()
  const { workspaceId } = session.place
  const { claims } = useView(session.identity)
  const { phase } = useView(session.link)
  const [isBusy, setBusy] = useState(false)
  const { on, sides } = conflict

  const whyRole = atLeast(claims.role, 'editor')
    ? undefined
    : `As ${claims.role} you may compare the versions, not choose between them.`
  const whyAway = (blobs: readonly { blob: string }[]) =>
    phase !== 'connected' && blobs.some(({ blob }) => !hasBlobText(workspaceId, blob))
      ? 'The versions are on the server: they can be fetched when the connection is back.'
      : undefined
  const planOf = (side: Side) => keepPlan(conflict, side, entry, on.name)
  const whyNotKeep = (side: Side) => {
    const plan = planOf(side)
    return whyRole ?? (plan.is === 'no' ? plan.why : whyAway(blobsOf(plan)))
  }

  const settle = () => {
    session.requests.ask({ kind: 'answer', daemon: on.id, question: conflict.id, answer: 'dismiss' })
    // What had the focus goes away with the conflict.
    editor.current?.focus()
  }
  const carryOut = async (plan: KeepPlan): Promise<string> => {
    if (plan.is === 'facts') session.files.transact(() => session.files.setFacts(entry.id, plan.facts), 'files')
    if (plan.is !== 'edit') return ''
    const [chosen = '', before] = await Promise.all(blobsOf(plan).map((blob) => textOf(workspaceId, blob)))
    let left = 0
    const done = editor.current?.edit(entry.id, (current) => {
      const kept = keepSide(before, chosen, current)
      left = kept.conflicts
      return diffText(current, kept.text)
    })
    if (done !== true) throw new TandemError('conflict', { reason: 'the text is not open, or would be too large' })
    return left === 0 ? '; undo takes it back' : '; lines that were changed since are there too, so look at them'
  }
  const keep = async (side: Side) => {
    setBusy(true)
    try {
      const said = await carryOut(planOf(side))
      settle()
      toast(`Kept the ${words[side]} version${said}. Both stay in .tandem/conflicts on ${on.name} for 30 days.`)
    } catch (e) {
      toast(`Nothing was changed: ${messageOf(e)}.`)
    } finally {
      setBusy(false)
    }
  }

  // Without the shared side the text as it is stands for it: it was in place, and is what everyone has.
  const pair = entry.kind === 'text' && sides.disk ? { disk: sides.disk, shared: sides.remote } : undefined
  return {
    isBusy,
    whyRole,
    whyNotKeep,
    keep,
    settle,
    /** What can be compared side by side: texts alone. */
    pair,
    whyNotCompare: pair && whyAway([pair.disk, ...(pair.shared ? [pair.shared] : [])]),
    isConnected: phase === 'connected',
  }
}

async function textOf(workspaceId: string, blob: { blob: string; size: number }): Promise<string> {
  const { text, reason } = await blobText(workspaceId, blob)
  if (text === undefined) throw new TandemError('bad-request', { reason })
  return text
}

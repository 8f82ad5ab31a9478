import type { Id } from '@tandem/shared'
import {
  mapView,
  type Answer,
  type FileEntry,
  type FilesSnapshot,
  type MirrorAlert,
  type MirrorConflict,
  type MirrorQuestion,
  type Request,
  type View,
} from '@tandem/shared/docs'
import { mergeViews } from './merge-views.ts'
import { mirrorsOf, type Mirror } from './mirrors.ts'
import { useSession } from './session-context.ts'
import type { Session } from './session.ts'
import { useView } from './use-view.ts'

/** Something a mirror says, and which one says it. */
export type Said<T> = T & { readonly on: Mirror }

/** A folder that is not being synced, and where it asks something, what was answered so far. */
export type Halted = {
  readonly on: Mirror
  readonly reason: string | undefined
  readonly question: MirrorQuestion | undefined
  readonly answer: Answer | undefined
  /** Our own answer, as long as the server has not taken it. */
  readonly asked: Answer['answer'] | undefined
}

/** What of all folders a person should look at. */
export type Attention = {
  readonly mirrors: readonly Mirror[]
  readonly conflicts: readonly Said<MirrorConflict>[]
  readonly alerts: readonly Said<MirrorAlert>[]
  readonly halted: readonly Halted[]
}

/** Everything that needs a look, without what somebody has settled already and its daemon only has to take away. */
export function attentionOf(
  mirrors: readonly Mirror[],
  answers: ReadonlyMap<string, Answer>,
  requests: ReadonlyMap<string, Request>,
): Attention {
  const asked = new Map<Id, Answer['answer']>()
  for (const { body } of requests.values()) if (body.kind === 'answer') asked.set(body.question, body.answer)
  return {
    mirrors,
    conflicts: mirrors
      .flatMap((on) => (on.state?.conflicts ?? []).map((conflict) => ({ ...conflict, on })))
      .filter(({ id }) => !answers.has(id) && !asked.has(id))
      .toSorted((a, b) => b.at - a.at),
    // What a machine that is away said of its disk may have passed long ago.
    alerts: mirrors.flatMap((on) => (on.isHere ? (on.state?.alerts ?? []).map((alert) => ({ ...alert, on })) : [])),
    halted: mirrors.flatMap((on) => {
      const { phase, reason, question } = on.state ?? {}
      if (question === undefined && (phase !== 'halted' || !on.isHere)) return []
      const id = question?.id
      return id === undefined
        ? [{ on, reason, question, answer: undefined, asked: undefined }]
        : [{ on, reason, question, answer: answers.get(id), asked: asked.get(id) }]
    }),
  }
}

/** The file that a conflict is about now, wherever it moved; undefined once it is gone. */
export function fileOf(conflict: MirrorConflict, { byId, byPath }: FilesSnapshot): FileEntry | undefined {
  const own = conflict.file === undefined ? undefined : byId.get(conflict.file)
  return own && !own.deleted ? own : byPath.get(conflict.path)
}

const viewBySession = new WeakMap<Session, View<Attention>>()

/** What needs a look, live. Made when first asked for: nothing of it is needed to open a workspace. */
export function useAttention(): Attention {
  const session = useSession()
  const held = viewBySession.get(session)
  const view = held ?? openAttention(session)
  if (!held) viewBySession.set(session, view)
  return useView(view)
}

function openAttention(session: Session): View<Attention> {
  const { ops, requests } = session
  const mirrors = mirrorsOf(session)
  return mapView(mergeViews([mirrors, ops.answers, requests]), () =>
    attentionOf(mirrors.snapshot(), ops.answers.snapshot(), requests.snapshot()),
  )
}

import { atLeast } from '@tandem/shared'
import type { RequestBody } from '@tandem/shared/docs'
import type { RefereePorts, Requester, Turn } from './ports.ts'

/** After this long a daemon that was asked about is not waited for any more, ms. */
const keepMs = 30 * 24 * 3_600_000
/** More answers than this are not kept: whoever answers what nobody asked must not fill the document. */
export const maxAnswers = 1_000

type Body = Extract<RequestBody, { kind: 'answer' }>

/**
 * Keeps what somebody answers to a daemon's mirror, for the daemon to act upon; the first answer counts, and whether it is
 * still asked the daemon knows. Old ones are dropped meanwhile. Answers why not, where it may not be.
 */
export function keepAnswer(
  { answers, audit }: RefereePorts,
  turn: Turn,
  by: Requester,
  { question, daemon, answer }: Body,
): string | undefined {
  if (!atLeast(by.role, 'editor')) return 'answering needs the role editor'
  if (answers.get(question)) return 'it was answered already'
  const old = [...answers.snapshot().values()].filter(({ at }) => turn.now - at > keepMs)
  if (answers.snapshot().size - old.length >= maxAnswers) return 'too many answers are kept'
  for (const { id } of old) answers.remove(id)
  answers.set(question, { id: question, daemon, answer, by: by.id, byName: by.name, at: turn.now })
  audit({ actor: by.id, action: 'mirror.answer', object: question, details: { daemon, answer } })
  return undefined
}

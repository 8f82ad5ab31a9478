import { z } from 'zod'
import { Id } from '../base/ids.ts'
import { CallId } from './agent.ts'

const Count = z.int().nonnegative()
const FilePath = z.string().max(4_096)

/**
 * Characters of a text in their order, as runs `[client, clock, length]` of Yjs' ids. A character keeps its id wherever
 * it comes to stand, and after it is deleted: a change is found by them whatever others write before, behind and inside.
 */
export const Chars = z.array(z.tuple([Count, Count, z.int().positive()])).max(20_000)
export type Chars = z.infer<typeof Chars>

/** So many characters, before and after together, a call may change: more could not be shown, nor undone in pieces. */
export const maxHunkText = 1_000_000

/** One replaced piece of a hunk: where it begins in either text, in UTF-16 units, what it took and what it put there. */
export const HunkPart = z.object({ oldAt: Count, newAt: Count, old: Chars, new: Chars })
export type HunkPart = z.infer<typeof HunkPart>

/** What was changed in one place of a text: its lines before and after, and the pieces of them that are others now. */
export const HunkText = z.object({
  /** The line on which `newText` began then, from 1. */
  line: z.int().positive(),
  oldText: z.string().max(maxHunkText),
  newText: z.string().max(maxHunkText),
  parts: z.array(HunkPart).min(1).max(2_000),
})
export type HunkText = z.infer<typeof HunkText>

const common = { file: Id, path: FilePath, call: CallId, at: z.number() }
export const EditHunk = z.object({ kind: z.literal('edit'), ...common, ...HunkText.shape })
export type EditHunk = z.infer<typeof EditHunk>

/** All that a run changes, piece by piece. `path` is the file's after it. */
export const ReviewHunk = z.discriminatedUnion('kind', [
  EditHunk,
  /** `new`: the text that the file was made with; absent where it is none. */
  z.object({ kind: z.literal('create'), ...common, new: Chars.optional() }),
  z.object({ kind: z.literal('remove'), ...common }),
  z.object({ kind: z.literal('move'), ...common, from: FilePath }),
])
export type ReviewHunk = z.infer<typeof ReviewHunk>

/** Characters that were taken away, and what they said. */
export const Taken = z.object({ chars: Chars, text: z.string().max(maxHunkText) })
export type Taken = z.infer<typeof Taken>

/**
 * What somebody decided about a hunk; who, its client id tells. `back`: it was rejected and brought back, and is as
 * undecided as before. `taken` is what a rejection took away.
 */
export const Decision = z.object({
  v: z.literal(1).default(1),
  state: z.enum(['accepted', 'rejected', 'back']),
  at: z.number(),
  taken: Taken.optional(),
})
export type Decision = z.infer<typeof Decision>

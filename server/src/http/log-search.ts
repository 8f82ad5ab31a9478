import { StringDecoder } from 'node:string_decoder'
import { setImmediate } from 'node:timers/promises'
import { plainText, TandemError, type Clock } from '@tandem/shared'
import { note, type LogChunk } from '@tandem/shared/docs'
import { RE2JS, RE2JSException } from 're2js'
import { z } from 'zod'

export const SearchQuery = z.object({
  q: z.string().min(1).max(200).describe('What is looked for.'),
  regex: z
    .stringbool()
    .default(false)
    .describe('It is a regular expression (RE2: without look-around and back-references).'),
  matchCase: z.stringbool().default(false),
  from: z.coerce.number().int().nonnegative().default(0).describe('Where an answer that is not complete says `next`.'),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
})
export type SearchQuery = z.infer<typeof SearchQuery>

export const SearchAnswer = z.object({
  matches: z.array(
    z.object({
      /** The chunk in which the line begins, its first byte in the whole output, when it came (ms since the start), and its stream. */
      q: z.int(),
      o: z.int(),
      t: z.number(),
      s: z.int(),
      /** The line, without colours, or what of a long one is around the match. */
      text: z.string(),
      /** Where in `text` it is: from, to. */
      at: z.tuple([z.int(), z.int()]),
    }),
  ),
  isComplete: z.boolean(),
  /** The chunk from which to go on; some of its lines may come twice. */
  next: z.int().optional(),
})
export type SearchAnswer = z.infer<typeof SearchAnswer>

type Line = Pick<LogChunk, 'q' | 'o' | 't' | 's'> & { text: string }
type Finder = {
  /** Where a part of a line has what is looked for; undefined where it has not. */
  find(text: string): [number, number] | undefined
  /** A longer line is looked through in parts, since others wait meanwhile. */
  maxPart: number
}

const maxLine = 16_384
/** A pattern costs its size for each character: so much of both is gone through at once, some 0.1 s. */
const maxSteps = 500_000
/** More than a person writes; counted repetitions are written out before the size of a pattern is known. */
const maxPattern = { size: 1_000, repeats: 200 }
const aroundMatch = 200
/** For so long at most one search works, ms. */
const maxMs = 2_000

/**
 * The first lines in which it is found. Bounded whatever the pattern and the output are: patterns never backtrack, after
 * each chunk others have their turn, and a search that takes too long says where to go on. Throws `validation-failed`
 * for what is no regular expression.
 */
export async function searchLog(
  chunks: AsyncIterable<LogChunk>,
  { limit, from, ...query }: SearchQuery,
  clock: Pick<Clock, 'now'>,
): Promise<SearchAnswer> {
  const { find, maxPart } = finderOf(query)
  const matches: SearchAnswer['matches'] = []
  const open = new Map<number, Line & { decoder: StringDecoder }>()
  const startedAt = clock.now()
  const isTooLong = () => clock.now() - startedAt > maxMs
  let steps = 0
  /** True where it is enough. */
  const look = async ({ text, ...line }: Line): Promise<boolean> => {
    const plain = plainText(text)
    for (let start = 0; start === 0 || start < plain.length; start += maxPart) {
      const at = find(plain.slice(start, start + maxPart))
      if (at) matches.push({ ...line, ...excerpt(plain, start + at[0], start + at[1]) })
      if (at) break
      steps += Math.min(maxPart, plain.length - start)
      if (steps < maxPart) continue
      steps = 0
      await setImmediate()
      if (isTooLong()) return true
    }
    return matches.length >= limit
  }
  for await (const { q, o, t, s, d } of chunks) {
    if (q < from || s === note) continue
    // Whoever goes on here gets further, however little was done.
    const upTo = { matches, isComplete: false, next: q > from ? q : q + 1 }
    if (isTooLong()) return upTo
    await setImmediate()
    const before = open.get(s) ?? { q, o, t, s, text: '', decoder: new StringDecoder('utf8') }
    const [first = '', ...more] = before.decoder.write(Buffer.from(d)).split('\n')
    let line = { ...before, text: before.text + first }
    let start = 0
    for (const text of more) {
      if (await look(lineOf(line))) return upTo
      start = d.indexOf(0x0a, start) + 1
      line = { ...line, q, o: o + start, t, text }
    }
    open.set(s, line)
    // One without an end must not be held whole.
    if (line.text.length > 4 * maxLine) {
      if (await look(lineOf(line))) return upTo
      open.set(s, { ...line, q, o: o + d.length, t, text: '' })
    }
  }
  for (const line of open.values()) if (line.text !== '' && matches.length < limit) await look(lineOf(line))
  return { matches, isComplete: !isTooLong() }
}

const lineOf = ({ q, o, t, s, text }: Line): Line => ({ q, o, t, s, text })

function finderOf({ q, regex, matchCase }: Pick<SearchQuery, 'q' | 'regex' | 'matchCase'>): Finder {
  if (!regex) {
    const words = new RegExp(q.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'), matchCase ? '' : 'i')
    const find: Finder['find'] = (text) => {
      const found = words.exec(text)
      return found ? [found.index, found.index + found[0].length] : undefined
    }
    return { find, maxPart: maxLine }
  }
  const pattern = compiled(q, matchCase)
  return {
    find: (text) => {
      const matcher = pattern.matcher(text)
      return matcher.find() ? [matcher.start(), matcher.end()] : undefined
    },
    maxPart: Math.min(maxLine, Math.ceil(maxSteps / pattern.programSize())),
  }
}

/** Throws `validation-failed` for what is no pattern, and for one that is too large. */
function compiled(q: string, matchCase: boolean): RE2JS {
  const refuse = (why: string, e?: unknown) => new TandemError('validation-failed', { reason: why }, e)
  const repeats = [...q.matchAll(/\{(\d+),?(\d*)\}/g)].reduce(
    (sum, [, a, b]) => sum + Math.max(Number(a), Number(b)),
    0,
  )
  const tooLarge = 'this regular expression repeats too often'
  if (repeats > maxPattern.repeats) throw refuse(tooLarge)
  try {
    const pattern = RE2JS.compile(q, matchCase ? 0 : RE2JS.CASE_INSENSITIVE)
    if (pattern.programSize() > maxPattern.size) throw refuse(tooLarge)
    return pattern
  } catch (e) {
    if (!(e instanceof RE2JSException)) throw e
    throw refuse(`this is no regular expression we know: ${e.message}`, e)
  }
}

function excerpt(line: string, from: number, to: number): Pick<SearchAnswer['matches'][number], 'text' | 'at'> {
  const start = Math.max(0, from - aroundMatch)
  const end = Math.min(line.length, Math.max(from, Math.min(to, from + aroundMatch)) + aroundMatch)
  return { text: line.slice(start, end), at: [from - start, Math.min(to, end) - start] }
}

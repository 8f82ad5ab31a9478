import type { Author, Id, Task } from '@tandem/shared'
import { authorName, causeWords } from '../session/author-words.ts'
import { exactTime } from '../ui/exact-time.ts'
import type { LineBlame } from './blame-lines.ts'

/** Somebody whose client id nobody has told us yet. */
export const unknownAuthor = { kind: 'unknown' } as const
export type Writer = Author | typeof unknownAuthor

export type Told = {
  blame: LineBlame<Writer>
  /** When its author last wrote in it; undefined where that is not known. */
  at: number | undefined
  now: number
  me: Id
  tasks: ReadonlyMap<string, Task>
}

const nameOfWriter = (writer: Writer, me: Id) => (writer.kind === 'unknown' ? 'Somebody' : authorName(writer, me))

/** What there is to say of a line: who, when, why, and who else. */
function factsOf({ blame: { main, others }, at, now, me, tasks }: Told) {
  const who = nameOfWriter(main, me)
  // The same person may stand here twice: as themselves, and as who restored something.
  const names = new Set(others.map((other) => nameOfWriter(other, me)))
  names.delete(who)
  return {
    who,
    when: at === undefined ? undefined : exactTime(at, now),
    why: main.kind === 'unknown' ? 'not known until the server says' : causeWords(main, tasks),
    others: [...names],
  }
}

/** "Line 12: Mira, today at 14:03, by npm run fmt; also Ben". `told` is undefined where nobody wrote anything yet. */
export function lineWords(lineNumber: number, told: Told | undefined): string {
  if (!told) return `Line ${lineNumber}: nothing yet`
  const { who, when, why, others } = factsOf(told)
  const main = [who, when, why].filter((part) => part !== undefined).join(', ')
  return `Line ${lineNumber}: ${main}${others.length > 0 ? `; also ${others.join(', ')}` : ''}`
}

/** The same as Markdown for the hover. */
export function hoverWords(told: Told): string {
  const { who, when, why, others } = factsOf(told)
  return [
    `**${escaped(who)}**${when === undefined ? '' : ` · ${escaped(when)}`}`,
    ...(why === undefined ? [] : [escaped(why)]),
    ...(others.length > 0 ? [`also ${escaped(others.join(', '))}`] : []),
  ].join('\n\n')
}

/** Names and commands are anybody’s words: none of them is markup. */
const escaped = (text: string) => text.replaceAll(/[\\`*_{}[\]()#+\-.!|<>~&$:]/g, '\\$&').replaceAll('\n', ' ')

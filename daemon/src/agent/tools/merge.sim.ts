import { applyToString, createId, type EditHunk, type Id, type ReviewHunk } from '@tandem/shared'
import {
  applyEdits,
  bringBack,
  openFiles,
  openReview,
  openRun,
  rejectHunks,
  traceEdits,
  type Deciding,
} from '@tandem/shared/docs'
import { randomFrom } from '@tandem/shared/testing'
import * as Y from 'yjs'
import { editsOver } from '../../tree/edit-text.ts'

export type History = { seed: number; steps: number }
export type Outcome = { wrong: string[]; typed: number; edits: number; skipped: number; rejected: number; back: number }

/** What people type: each stroke is a character of its own, which nothing else of the text is. */
const firstStroke = 0xe000
const isStroke = (unit: string) => unit >= '\ue000' && unit <= '\uf8ff'
const strokesIn = (text: string): string[] => [...text].filter(isStroke)
const words = ['let', 'total', '=', 'sum(a, b)', '{', '}', 'return', '😀', 'x']

type Person = { doc: Y.Doc; reviews: Y.Doc[]; isOnline: boolean }
type Run = {
  record: ReturnType<typeof openRun>
  review: Y.Doc
  base: string
  /** What it made and has not reached the server yet. */
  pending: Uint8Array[]
}

/**
 * Two people and two runs of the agent in one text, each on a copy of their own: people type, delete, go offline, reject
 * and bring back; runs edit what they read a while ago. Whatever a person typed and no person deleted must be there, also
 * after all that the runs did was undone; and where nobody typed, the text is then what it was.
 */
export async function simulate({ seed, steps }: History): Promise<Outcome> {
  const random = randomFrom(seed)
  const below = (n: number) => Math.floor(random() * n)
  const pick = <T>(of: readonly T[]): T | undefined => of[below(of.length)]
  const outcome: Outcome = { wrong: [], typed: 0, edits: 0, skipped: 0, rejected: 0, back: 0 }
  const hasPeople = seed % 5 !== 4
  let isDecidedApart = false

  /** Yjs draws its ids at random: here the seed does, so that a history happens again just so. */
  const newDoc = (from?: Y.Doc): Y.Doc => {
    const doc = new Y.Doc()
    if (from) Y.applyUpdate(doc, Y.encodeStateAsUpdate(from))
    doc.clientID = 1 + below(2 ** 31)
    return doc
  }
  const server = newDoc()
  const start = Array.from({ length: 3 + below(5) }, (_, n) => `${words.slice(below(5)).join(' ')} ${n}\n`).join('')
  server.getText('content').insert(0, start)
  const files = openFiles(newDoc())
  const file = files.create('a.ts', 'text')
  const people: Person[] = [0, 1].map(() => ({
    doc: newDoc(server),
    reviews: [newDoc(), newDoc()],
    isOnline: true,
  }))
  const runs: Run[] = [0, 1].map(() => ({
    record: openRun(newDoc()),
    review: newDoc(),
    base: start,
    pending: [],
  }))
  const deleted = new Set<string>()

  const exchange = ({ doc, reviews, isOnline }: Person) => {
    if (!isOnline) return
    meet(server, doc)
    for (const [n, review] of reviews.entries()) meet(runs[n]?.review ?? review, review)
  }
  const deliver = (run: Run) => {
    for (const update of run.pending.splice(0)) Y.applyUpdate(server, update)
    people.forEach(exchange)
  }
  const decidingOf = (run: Run, doc: Y.Doc, reviews: readonly Y.Doc[]): Deciding => ({
    hunks: run.record.hunks.snapshot(),
    review: openReview(reviews[runs.indexOf(run)] ?? run.review),
    elsewhere: runs.flatMap((each, n) =>
      each === run ? [] : [{ hunks: each.record.hunks.snapshot(), review: openReview(reviews[n] ?? each.review) }],
    ),
    files,
    open: async () => ({ doc, release: () => {} }),
    by,
    now: 1,
  })
  const edit = (run: Run) => {
    const now = server.getText('content').toString()
    const mine = rewritten(run.base, below, outcome.edits++)
    const { edits, skipped } = editsOver(run.base, mine, now)
    outcome.skipped += skipped.length
    for (const { at, del } of edits)
      if (strokesIn(now.slice(at, at + del)).some((stroke) => !mine.includes(stroke)))
        outcome.wrong.push(`seed ${seed}: an edit takes what the run had not read`)
    const draft = newDoc(server)
    const before = Y.encodeStateVector(draft)
    const pieces = traceEdits(draft.getText('content'), edits, 'run')
    run.record.setHunks(
      createId(),
      pieces.map((piece) => hunkOf(file, piece)),
    )
    run.pending.push(Y.encodeStateAsUpdate(draft, before))
    run.base = applyToString(now, edits)
    if (random() < 0.6) deliver(run)
  }
  const stroke = ({ doc }: Person) => {
    const text = doc.getText('content')
    const at = below(text.length + 1)
    const isInside = /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.toString().slice(at - 1, at + 1))
    const ins = String.fromCharCode(firstStroke + outcome.typed++)
    applyEdits(text, [{ at: isInside ? at - 1 : at, del: 0, ins }], 'person')
  }
  const erase = ({ doc }: Person) => {
    const text = doc.getText('content')
    const said = text.toString()
    const at = below(said.length)
    const gone = said.slice(at, at + 1 + below(3))
    if (gone === '' || /[\ud800-\udfff]/.test(gone)) return
    for (const each of strokesIn(gone)) deleted.add(each)
    applyEdits(text, [{ at, del: gone.length, ins: '' }], 'person')
  }
  const decide = async ({ doc, reviews }: Person, run: Run) => {
    const deciding = decidingOf(run, doc, reviews)
    const here = [...run.record.hunks.snapshot()].filter(([, hunk]) => hunk.kind === 'edit' && isHere(doc, hunk))
    const id = pick(here)?.[0]
    if (id === undefined) return
    isDecidedApart ||= people.some(({ isOnline }) => !isOnline)
    const state = deciding.review.snapshot().get(id)?.state
    if (state === 'rejected' && random() < 0.5) {
      outcome.back++
      await bringBack(deciding, [id])
    } else {
      outcome.rejected++
      await rejectHunks(deciding, [id], { others: 'kept', spare: random() < 0.5 })
    }
  }
  const check = (when: string, text: string) => {
    const there = new Set(strokesIn(text))
    const lost = Array.from({ length: outcome.typed }, (_, n) => String.fromCharCode(firstStroke + n)).filter(
      (each) => !there.has(each) && !deleted.has(each),
    )
    if (lost.length > 0) outcome.wrong.push(`seed ${seed}: ${lost.length} characters are lost ${when}`)
    if (!text.isWellFormed()) outcome.wrong.push(`seed ${seed}: a character is cut in two ${when}`)
  }

  for (let step = 0; step < steps; step++) {
    const [person, run] = [pick(people), pick(runs)]
    if (!person || !run) break
    const dice = random()
    if (hasPeople && dice < 0.4) stroke(person)
    else if (hasPeople && dice < 0.47) erase(person)
    else if (dice < 0.55) person.isOnline = !person.isOnline
    else if (dice < 0.65) run.base = server.getText('content').toString()
    else if (dice < 0.85) edit(run)
    else if (dice < 0.9) deliver(run)
    else if (hasPeople || dice < 0.95) await decide(person, run)
    exchange(person)
  }
  for (const person of people) person.isOnline = true
  runs.forEach(deliver)
  people.forEach(exchange)
  people.forEach(exchange)
  const texts = [server, ...people.map(({ doc }) => doc)].map((doc) => doc.getText('content').toString())
  if (new Set(texts).size > 1) outcome.wrong.push(`seed ${seed}: the copies differ`)
  check('at the end', texts[0] ?? '')
  let left = 0
  for (const run of runs) {
    const deciding = decidingOf(
      run,
      server,
      runs.map(({ review }) => review),
    )
    left += (await rejectHunks(deciding, deciding.hunks.keys(), { others: 'kept', spare: true })).length
  }
  const undone = server.getText('content').toString()
  check('after all was undone', undone)
  // What two people decided otherwise while apart may have to be decided once more, by one.
  if (!hasPeople && left === 0 && !isDecidedApart && undone !== start)
    outcome.wrong.push(`seed ${seed}: undone, it is not what it was`)
  return outcome
}

const by = createId()

const meet = (one: Y.Doc, other: Y.Doc): void => {
  Y.applyUpdate(one, Y.encodeStateAsUpdate(other, Y.encodeStateVector(one)))
  Y.applyUpdate(other, Y.encodeStateAsUpdate(one, Y.encodeStateVector(other)))
}

const hunkOf = (file: Id, piece: ReturnType<typeof traceEdits>[number]): EditHunk => ({
  kind: 'edit',
  file,
  path: 'a.ts',
  call: 'call',
  at: 1,
  ...piece,
})

/** Whether this copy has what the hunk did. */
const isHere = (doc: Y.Doc, hunk: ReviewHunk): boolean =>
  hunk.kind === 'edit' &&
  hunk.parts.every((part) =>
    [...part.old, ...part.new].every(([client, clock, length]) => Y.getState(doc.store, client) >= clock + length),
  )

/** What a run makes of a text: some lines are others, went, or are new. What people typed it keeps, where it saw it. */
function rewritten(text: string, below: (n: number) => number, n: number): string {
  const lines = text.split('\n')
  for (let i = 0; i <= below(3); i++) {
    const at = below(lines.length)
    const line = lines[at] ?? ''
    const kept = strokesIn(line).join('')
    const way = below(4)
    if (way === 0) lines[at] = line.replace(/[a-z]+/, `made${n}`)
    else if (way === 1) lines[at] = `${kept}line ${n} ${words[below(words.length)] ?? ''}`
    else if (way === 2 && lines.length > 2) lines.splice(at, 1, ...(kept === '' ? [] : [kept]))
    else lines.splice(at, 0, `new ${n} ${words[below(words.length)] ?? ''}`, `  more ${n}`)
  }
  return lines.join('\n')
}

import { HocuspocusProvider, type HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import { createAcks, syncAnswer } from '@tandem/shared'
import { markText, marksIn, type Deed } from './ledger.ts'

type Options = {
  /** Names the writer's marks. */
  id: string
  socket: HocuspocusProviderWebsocket
  /** The document's full name. */
  name: string
  token: () => Promise<string>
  random: () => number
}

/** One client's copy of a text, which writes marks into it and knows which of them the server acknowledged. */
export type Writer = {
  text(): string
  isSynced(): boolean
  /** Changes that are on their way or wait to be sent. */
  pending(): number
  /** One change: marks put in anywhere, or one taken out, whoever wrote it. */
  write(): void
  /** Takes what was acknowledged since the last call. */
  takeAcknowledged(): Deed[]
  /** What was done and not acknowledged so far. */
  open(): readonly Deed[]
  /** Why the server would not have it, or refused a change. */
  refusal(): string | undefined
  end(): void
}

/** The text stays about so long: beyond this many marks more is deleted than inserted. */
const fullMarks = 250

/** Opens a text as the daemon does: changes made while apart are sent by the next handshake, and only there. */
export function openWriter({ id, socket, name, token, random }: Options): Writer {
  const acks = createAcks(() => {})
  let last = 0
  let count = 0
  let deeds: Deed[] = []
  let refusal: string | undefined
  const provider = new HocuspocusProvider({
    websocketProvider: socket,
    name,
    token,
    awareness: null,
    onOutgoingMessage: ({ message }) => {
      if (message.description === 'A document update') acks.sentUpdate()
      else if (message.description === undefined) acks.sentWhole()
    },
    onMessage: ({ event }) => {
      const answer = syncAnswer(new Uint8Array(event.data as ArrayBuffer))
      if (answer !== undefined) acks.answered(answer)
    },
    onClose: () => acks.dropped(),
    onSynced: () => (refusal = undefined),
    onAuthenticationFailed: ({ reason }) => (refusal = reason),
  })
  provider.document.off('update', provider.boundDocumentUpdateHandler)
  provider.document.on('update', (update: Uint8Array, from: unknown) => {
    if (from === provider) return
    const isLive = provider.isAuthenticated && provider.isAttached
    last = acks.made(isLive)
    if (isLive) provider.boundDocumentUpdateHandler(update, undefined)
  })
  provider.attach()
  const text = provider.document.getText('content')
  const upTo = (below: number) => Math.floor(random() * below)

  const insert = (standing: string) => {
    // Between two marks, never inside one: what others put there at the same moment stays whole too.
    const starts = [...standing.matchAll(/\[/g)].map(({ index }) => index)
    const at = [...starts, standing.length][upTo(starts.length + 1)] ?? 0
    const marks = Array.from({ length: 1 + upTo(3) }, () => `${id}.${++count}`)
    const filler = random() < 0.05 ? 2_000 : upTo(12)
    text.insert(at, marks.map((mark) => markText(mark, filler)).join(''))
    deeds.push({ n: last, kind: 'insert', marks })
  }
  const remove = (standing: string, marks: readonly string[]) => {
    const mark = marks[upTo(marks.length)] ?? ''
    const at = standing.indexOf(`[${mark}:`)
    text.delete(at, standing.indexOf(']', at) + 1 - at)
    deeds.push({ n: last, kind: 'delete', marks: [mark] })
  }
  return {
    text: () => text.toString(),
    isSynced: () => provider.synced,
    pending: acks.pending,
    write: () => {
      const standing = text.toString()
      const marks = marksIn(standing)
      if (random() < (marks.length > fullMarks ? 0.75 : 0.35) && marks.length > 0) remove(standing, marks)
      else insert(standing)
    },
    takeAcknowledged: () => {
      const acked = acks.acked()
      const taken = deeds.filter(({ n }) => n <= acked)
      deeds = deeds.filter(({ n }) => n > acked)
      return taken
    },
    open: () => deeds,
    refusal: () => (acks.diverged() ? 'a change was refused' : refusal),
    end: () => provider.destroy(),
  }
}

import type { Author } from '@tandem/shared'
import { openFile } from '@tandem/shared/docs'
import type * as M from 'monaco-editor/editor'
import type { Transaction } from 'yjs'
import { fromDisk } from '../session/open-doc.ts'
import type { Session } from '../session/session.ts'
import { lineBlame, partsByLine, type Run } from './blame-lines.ts'
import { createWriteTimes } from './blame-times.ts'
import { hoverWords, lineWords, unknownAuthor, type Told, type Writer } from './blame-words.ts'
import type { OpenModel } from './models.ts'
import type { Monaco } from './monaco.ts'
import { openRuns } from './text-runs.ts'

/** How long what the server could not say is left alone. */
const askAgainMs = 10_000

type Deps = {
  monaco: Monaco
  editor: M.editor.IStandaloneCodeEditor
  opened: OpenModel
  session: Session
  /** Called with what there is to say of the line that the cursor is on. */
  onLine: (words: string | undefined) => void
}

/** Shows who wrote each line on the screen, as it changes, until the returned function is called. */
export function showBlame({ monaco, editor, opened: { fileId, model }, session, onLine }: Deps): () => void {
  const handle = session.open({ kind: 'file', fileId })
  const { text } = openFile(handle.doc)
  const runs = openRuns(text)
  const times = createWriteTimes()
  const marks = editor.createDecorationsCollection()
  // The place where one points to see who: without it there is only the bar.
  editor.updateOptions({ glyphMargin: true })
  const ending = new AbortController()
  const writerOf = createWriters(session, () => handle.doc.clientID)
  let frame = 0

  const lines = (from: number, to: number) => {
    const start = model.getOffsetAt({ lineNumber: from, column: 1 })
    const end = model.getOffsetAt({ lineNumber: to + 1, column: 1 })
    // After the last line there is no other: its end is the text's.
    return partsByLine(runs.read(start, to === model.getLineCount() ? text.length : end))
  }
  const told = (parts: ReturnType<typeof lines>[number]): Told | undefined => {
    const blame = lineBlame(parts, writerOf)
    return (
      blame && {
        blame,
        at: times.latest(blame.parts),
        now: session.serverNow(),
        me: session.identity.snapshot().claims.principal,
        tasks: session.tasks.snapshot(),
      }
    )
  }
  const render = () => {
    frame = 0
    if (editor.getModel() !== model) return
    const seen = new Set<number>()
    let isTimeMissing = false
    marks.set(
      editor.getVisibleRanges().flatMap(({ startLineNumber: from, endLineNumber: to }) =>
        lines(from, to).flatMap((parts, i) => {
          for (const { client } of parts) seen.add(client)
          const line = told(parts)
          isTimeMissing ||= line !== undefined && line.at === undefined
          return line ? [decorationOf(monaco, from + i, line, session)] : []
        }),
      ),
    )
    seen.delete(handle.doc.clientID)
    session.authors.want(seen)
    if (isTimeMissing) askTimes()
    const at = editor.getPosition()?.lineNumber ?? 1
    const [parts] = lines(at, at)
    onLine(lineWords(at, parts && told(parts)))
  }
  const schedule = () => {
    frame ||= requestAnimationFrame(render)
  }

  let askedAt = -Infinity
  const askTimes = () => {
    const { synced, pending } = handle.state.snapshot()
    const path = session.files.get(fileId)?.path
    // The answer is about the server's text: it says something of ours only while the two are the same.
    if (!synced || pending > 0 || path === undefined || session.clock.now() - askedAt < askAgainMs) return
    askedAt = session.clock.now()
    const before = runs.read(0, text.length)
    session.history.blame(path, ending.signal).then(
      ({ runs: blame }) => {
        for (const ours of [before, runs.read(0, text.length)]) times.learnFrom(ours, blame)
        schedule()
      },
      (e: unknown) => session.log.debug('when lines were written is not known', { error: e }),
    )
  }
  // What comes while the document is in step is being written now; what comes before that is older.
  const watch = ({ origin, beforeState, afterState }: Transaction) => {
    if (origin === fromDisk || (origin === handle.provider && !handle.state.snapshot().synced)) return
    const now = session.serverNow()
    for (const [client, to] of afterState) {
      const from = beforeState.get(client) ?? 0
      if (to > from) times.learn({ client, clock: from, length: to - from }, now)
    }
  }
  handle.doc.on('afterTransaction', watch)

  const stops = [
    ...[
      editor.onDidScrollChange(schedule),
      editor.onDidLayoutChange(schedule),
      editor.onDidChangeModelContent(schedule),
      editor.onDidChangeCursorPosition(schedule),
      editor.onDidChangeHiddenAreas(schedule),
    ].map((listening) => () => listening.dispose()),
    ...[session.authors.known, session.peers, session.tasks, handle.state].map((view) => view.subscribe(schedule)),
    () => handle.doc.off('afterTransaction', watch),
  ]
  schedule()
  return () => {
    ending.abort()
    for (const stop of stops) stop()
    cancelAnimationFrame(frame)
    runs.close()
    marks.clear()
    editor.updateOptions({ glyphMargin: false })
    handle.release()
    onLine(undefined)
  }
}

/** Whom a client id belongs to: the same object for all ids of one author and cause, so that they count together. */
function createWriters(session: Session, own: () => number): (client: Run['client']) => Writer {
  const byKey = new Map<string, Author>()
  const one = (author: Author): Author => {
    const key = `${author.id} ${JSON.stringify(author.cause ?? {})}`
    const held = byKey.get(key)
    if (held) return held
    byKey.set(key, author)
    return author
  }
  return (client) => {
    const { principal, name } = session.identity.snapshot().claims
    if (client === own()) return one({ id: principal, name, kind: 'person' })
    const author = session.authors.known.snapshot().byClient.get(client)
    return author ? one(author) : unknownAuthor
  }
}

function decorationOf(
  monaco: Monaco,
  lineNumber: number,
  told: Told,
  { hueOf }: Session,
): M.editor.IModelDeltaDecoration {
  const { main } = told.blame
  const name =
    main.kind === 'person' || main.kind === 'agent'
      ? `blame-${main.kind} blame-${main.kind}-${hueOf(main) + 1}`
      : `blame-${main.kind}`
  return {
    range: new monaco.Range(lineNumber, 1, lineNumber, 1),
    options: {
      isWholeLine: true,
      marginClassName: `blame-bar ${name}`,
      glyphMarginClassName: `blame-glyph ${name}`,
      glyphMarginHoverMessage: { value: hoverWords(told) },
      stickiness: monaco.editor.TrackedRangeStickiness.NeverGrowsWhenTypingAtEdges,
    },
  }
}

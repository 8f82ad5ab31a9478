import { openFile, standingOf } from '@tandem/shared/docs'
import type { EditHunk } from '@tandem/shared'
import type * as M from 'monaco-editor/editor'
import { decideHunks, type Decided } from '../session/decide-hunks.ts'
import type { OpenReviews } from '../session/open-reviews.ts'
import type { Session } from '../session/session.ts'
import type { OpenModel } from './models.ts'
import type { Monaco } from './monaco.ts'

type Deps = {
  monaco: Monaco
  editor: M.editor.IStandaloneCodeEditor
  opened: OpenModel
  session: Session
  reviews: OpenReviews
  /** Called with how many changes nobody has decided about are in the text. */
  onCount: (count: number) => void
}

/** One change in the text, where it is now. */
type Place = { run: string; id: string; hunk: EditHunk; from: number; to: number }

/**
 * Marks what runs of the agent changed in a file and nobody decided about, where it stands by now, until `close`;
 * `decide` is about the change that the cursor is in, or next to.
 */
export function showReview({ monaco, editor, opened: { fileId, model }, session, reviews, onCount }: Deps) {
  const handle = session.open({ kind: 'file', fileId })
  const { text } = openFile(handle.doc)
  const marks = editor.createDecorationsCollection()
  let places: readonly Place[] = []
  let frame = 0
  const render = () => {
    frame = 0
    if (editor.getModel() !== model) return
    places = placesIn(text, reviews, fileId)
    marks.set(places.map((place) => decorationOf(monaco, model, place)))
    onCount(places.length)
  }
  const schedule = () => {
    frame ||= requestAnimationFrame(render)
  }
  /** Where they are now, also before the next frame. */
  const current = () => {
    cancelAnimationFrame(frame)
    render()
    return places
  }
  const stops = [
    reviews.subscribe(schedule),
    ...[editor.onDidChangeModelContent(schedule)].map((listening) => () => listening.dispose()),
  ]
  schedule()
  const at = () => model.getOffsetAt(editor.getPosition() ?? { lineNumber: 1, column: 1 })
  return {
    /** Keeps or undoes the change that the cursor is in. Answers false where it is in none. */
    decide: async (decided: Decided): Promise<boolean> => {
      const line = editor.getPosition()?.lineNumber
      const place = current().find(
        ({ from, to }) =>
          model.getPositionAt(from).lineNumber <= (line ?? 0) && model.getPositionAt(to).lineNumber >= (line ?? 0),
      )
      if (!place) return false
      await decideHunks(session, place.run as never, { decided, hunks: [place.id], whole: false })
      return true
    },
    /** Goes to the change after the cursor, or to the first. */
    next: () => {
      const all = current()
      const place = all.find(({ from }) => from > at()) ?? all[0]
      if (!place) return
      const position = model.getPositionAt(place.from)
      editor.setPosition(position)
      editor.revealPositionInCenterIfOutsideViewport(position)
    },
    close: () => {
      for (const stop of stops) stop()
      cancelAnimationFrame(frame)
      marks.clear()
      handle.release()
      onCount(0)
    },
  }
}

/** Where what is undecided stands, in order; what is gone from the text is nowhere. */
function placesIn(text: ReturnType<typeof openFile>['text'], reviews: OpenReviews, file: string): Place[] {
  return reviews
    .snapshot()
    .flatMap(({ run, hunks, decisions }) => {
      const own = new Map<string, EditHunk>()
      for (const [id, hunk] of hunks) {
        const state = decisions.get(id)?.state
        if (hunk.kind === 'edit' && hunk.file === file && state !== 'accepted' && state !== 'rejected')
          own.set(id, hunk)
      }
      return [...standingOf(text, own)].flatMap(([id, { state, from, to }]) => {
        const hunk = own.get(id)
        return hunk && state !== 'gone' ? [{ run, id, hunk, from, to }] : []
      })
    })
    .toSorted((a, b) => a.from - b.from)
}

function decorationOf(
  monaco: Monaco,
  model: M.editor.ITextModel,
  { hunk, from, to }: Place,
): M.editor.IModelDeltaDecoration {
  const range = monaco.Range.fromPositions(model.getPositionAt(from), model.getPositionAt(to))
  const { TrackedRangeStickiness, OverviewRulerLane } = monaco.editor
  const before = hunk.oldText === '' ? 'Nothing was here before.' : `Before:\n\n${fenced(hunk.oldText)}`
  return {
    range,
    options: {
      isWholeLine: true,
      className: 'review-line',
      linesDecorationsClassName: 'review-bar',
      hoverMessage: { value: `The agent changed this. Alt+Y keeps it, Alt+N undoes it.\n\n${before}` },
      overviewRuler: { color: '#64c6ea', position: OverviewRulerLane.Left },
      stickiness: TrackedRangeStickiness.NeverGrowsWhenTypingAtEdges,
    },
  }
}

/** In a fence longer than any in it, so that nothing of it is read as more than text. */
function fenced(text: string): string {
  const shown = text.slice(0, 2_000)
  const longest = Math.max(2, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}\n${shown}\n${fence}`
}

import type * as M from 'monaco-editor/editor'
import * as Y from 'yjs'
import type { Peer, Peers } from '../session/peers.ts'
import type { OpenModel } from './models.ts'
import type { Monaco } from './monaco.ts'

/** How long a name stays beside a caret that has moved. */
const labelMs = 2_400

const sheet = new CSSStyleSheet()

/**
 * Shows where others are in a file, and tells them where we are. Class names and the shape of a selection are those of
 * y-monaco; colours and names live in a constructed style sheet, which our content policy allows.
 */
export function showPeers(
  monaco: Monaco,
  editor: M.editor.IStandaloneCodeEditor,
  { fileId, model, binding }: OpenModel,
  peers: Peers,
): () => void {
  if (!document.adoptedStyleSheets.includes(sheet)) document.adoptedStyleSheets.push(sheet)
  const marks = editor.createDecorationsCollection()
  const movedAt = new Map<number, { at: string; since: number }>()
  let frame = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  const render = () => {
    frame = 0
    clearTimeout(timer)
    const here = peers.snapshot().peers.filter((p) => p.file === fileId && p.selection)
    sheet.replaceSync(peers.snapshot().peers.map(rulesOf).join('\n'))
    const now = performance.now()
    let next = Infinity
    const decorations = here.flatMap((peer) => {
      const selection = placeOf(peer, binding)
      if (!selection) return []
      const at = JSON.stringify(peer.selection)
      const last = movedAt.get(peer.clientId)
      const since = last?.at === at ? last.since : now
      movedAt.set(peer.clientId, { at, since })
      const isFresh = now - since < labelMs
      if (isFresh) next = Math.min(next, labelMs - (now - since))
      return decorationsOf(monaco, peer, selection, isFresh)
    })
    marks.set(decorations)
    if (next < Infinity) timer = setTimeout(schedule, next + 20)
  }
  const schedule = () => {
    frame ||= requestAnimationFrame(render)
  }

  let told = 0
  const tell = () => {
    told ||= requestAnimationFrame(() => {
      told = 0
      const selection = editor.getModel() === model ? editor.getSelection() : null
      if (!selection) return
      const { anchor, head } = binding.toRelative(selection)
      peers.showSelection({ anchor: Y.relativePositionToJSON(anchor), head: Y.relativePositionToJSON(head) })
    })
  }
  const stops = [
    peers.subscribe(schedule),
    ...[editor.onDidChangeModelContent(schedule), editor.onDidChangeCursorSelection(tell)].map(
      (d) => () => d.dispose(),
    ),
  ]
  schedule()
  tell()
  return () => {
    for (const stop of stops) stop()
    cancelAnimationFrame(frame)
    cancelAnimationFrame(told)
    clearTimeout(timer)
    marks.clear()
  }
}

function placeOf({ selection }: Peer, binding: OpenModel['binding']): M.Selection | undefined {
  try {
    return binding.fromRelative({
      anchor: Y.createRelativePositionFromJSON(selection?.anchor),
      head: Y.createRelativePositionFromJSON(selection?.head),
    })
  } catch {
    return undefined // A peer may send anything.
  }
}

function decorationsOf(
  monaco: Monaco,
  peer: Peer,
  selection: M.Selection,
  isFresh: boolean,
): M.editor.IModelDeltaDecoration[] {
  const head = selection.getPosition()
  const caret = `yRemoteSelectionHead yRemoteSelectionHead-${peer.clientId}${isFresh ? ' is-fresh' : ''}${head.lineNumber === 1 ? ' is-below' : ''}`
  const { TrackedRangeStickiness, OverviewRulerLane } = monaco.editor
  const stickiness = TrackedRangeStickiness.NeverGrowsWhenTypingAtEdges
  const ruler = { color: colourOf(peer), position: OverviewRulerLane.Full }
  return [
    {
      range: monaco.Range.fromPositions(head),
      options: { beforeContentClassName: caret, stickiness, overviewRuler: ruler },
    },
    ...(selection.isEmpty()
      ? []
      : [
          {
            range: selection,
            options: { className: `yRemoteSelection yRemoteSelection-${peer.clientId}`, stickiness },
          },
        ]),
  ]
}

const varOf = ({ user, hue }: Peer) => `--${user.kind === 'human' ? 'human' : 'agent'}-${hue + 1}`
const colourOf = (peer: Peer) => getComputedStyle(document.documentElement).getPropertyValue(varOf(peer)).trim()

function rulesOf(peer: Peer): string {
  // Only letters, digits and a few marks: a name goes into a style sheet.
  const name = peer.user.name.replace(/[^\p{L}\p{N} ._'-]/gu, '').slice(0, 32)
  const n = peer.clientId
  return `.yRemoteSelection-${n},.yRemoteSelectionHead-${n}{--peer:var(${varOf(peer)})}.yRemoteSelectionHead-${n}::after{content:"${name}"}`
}

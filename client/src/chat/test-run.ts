import { diffText, type AgentMode, type Id } from '@tandem/shared'
import { openReview, openRun, traceEdits } from '@tandem/shared/docs'
import * as Y from 'yjs'

export const now = Date.now()

/** For tests: documents by name, each made when it is first asked for. */
export function createDocs(): (name: string) => Y.Doc {
  const docs = new Map<string, Y.Doc>()
  return (name) => {
    const doc = docs.get(name) ?? new Y.Doc()
    docs.set(name, doc)
    return doc
  }
}

/** Writes a run as the daemon that holds it does. */
export function daemonOf(runId: Id, docOf: ReturnType<typeof createDocs>) {
  const run = openRun(docOf(`run/${runId}`))
  const review = openReview(docOf(`review/${runId}`))
  const mode: AgentMode = 'ask'
  run.set('about', { v: 1, mode, model: 'helper:built-in' })
  run.set('status', { state: 'running', activity: 'thinking', attempt: 1, startedAt: now })
  const say = (role: 'user' | 'assistant' | 'tool', content: unknown, at = now) =>
    run.append([{ at, message: { role, content } as never }])
  return {
    doc: run,
    review,
    say,
    call: (id: string, toolName: string, input: unknown) =>
      say('assistant', [{ type: 'tool-call', toolCallId: id, toolName, input }]),
    answer: (id: string, toolName: string, value: string, type = 'text') =>
      say('tool', [{ type: 'tool-result', toolCallId: id, toolName, output: { type, value } }]),
    status: (part: Partial<Parameters<typeof run.set<'status'>>[1]>) =>
      run.set('status', { state: 'running', activity: 'thinking', attempt: 1, startedAt: now, ...part }),
    /** What the agent makes of a text, under a client id of its own. */
    edit: (call: string, file: { id: Id; path: string; text: Y.Text }, to: string) => {
      const { doc } = file.text
      if (!doc) throw new Error('a text without a document')
      const draft = new Y.Doc()
      Y.applyUpdate(draft, Y.encodeStateAsUpdate(doc))
      const before = Y.encodeStateVector(draft)
      const pieces = traceEdits(draft.getText('content'), diffText(file.text.toString(), to), 'run')
      Y.applyUpdate(doc, Y.encodeStateAsUpdate(draft, before))
      return run.setHunks(
        call,
        pieces.map((piece) => ({ kind: 'edit', file: file.id, path: file.path, call, at: now, ...piece })),
      )
    },
  }
}

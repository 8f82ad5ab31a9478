import { finishOf, frame, numbered, pieces, usageOf, type Answer, type Protocol } from './model-turn.ts'

const finishes = { stop: 'STOP', length: 'MAX_TOKENS', 'content-filter': 'SAFETY', 'tool-calls': 'STOP' }

/** `POST …/models/<id>:streamGenerateContent`, as Google speaks it: calls come whole, never in pieces. */
export const google: Protocol = {
  name: 'google',
  *frames(answer) {
    const { turn, chunkSize } = answer
    const said = (part: unknown) => frame({ candidates: [{ content: { role: 'model', parts: [part] } }] })
    for (const { part } of numbered(answer)) {
      if ('reasoning' in part) for (const c of pieces(part.reasoning, chunkSize)) yield said({ text: c, thought: true })
      if ('text' in part) for (const c of pieces(part.text, chunkSize)) yield said({ text: c })
      if ('tool' in part) yield said({ functionCall: { name: part.tool, args: part.input ?? {} } })
    }
    if (turn.errorEvent) return yield frame({ error: { code: 500, status: 'INTERNAL', ...turn.errorEvent } })
    yield frame({ candidates: [{ finishReason: finishes[finishOf(answer)] }], usageMetadata: usage(answer) })
  },
  whole: (answer) => {
    const parts = numbered(answer).map(({ part }) =>
      'tool' in part
        ? { functionCall: { name: part.tool, args: part.input ?? {} } }
        : 'text' in part
          ? { text: part.text }
          : { text: part.reasoning, thought: true },
    )
    const candidates = [{ content: { role: 'model', parts }, finishReason: finishes[finishOf(answer)] }]
    return { candidates, usageMetadata: usage(answer) }
  },
  error: (status, message) => ({ error: { code: status, message, status: 'SCRIPTED' } }),
}

function usage(answer: Answer) {
  const { input, output } = usageOf(answer)
  return { promptTokenCount: input, candidatesTokenCount: output, totalTokenCount: input + output }
}

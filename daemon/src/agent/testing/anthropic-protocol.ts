import { argumentsOf, finishOf, frame, numbered, pieces, usageOf, type Answer, type Protocol } from './model-turn.ts'

const finishes = { stop: 'end_turn', length: 'max_tokens', 'content-filter': 'refusal', 'tool-calls': 'tool_use' }

/** `POST …/messages`, as Anthropic speaks it. */
export const anthropic: Protocol = {
  name: 'anthropic',
  *frames(answer) {
    const { turn, chunkSize } = answer
    const event = (type: string, value: object) => frame({ type, ...value }, type)
    const usage = usageOf(answer)
    yield event('message_start', {
      message: {
        ...head(answer),
        content: [],
        stop_reason: null,
        usage: { input_tokens: usage.input, output_tokens: 1 },
      },
    })
    for (const { part, i, id } of numbered(answer)) {
      const [block, deltas] =
        'text' in part
          ? [{ type: 'text', text: '' }, text(part.text, chunkSize)]
          : 'reasoning' in part
            ? [{ type: 'thinking', thinking: '', signature: '' }, thinking(part.reasoning, chunkSize)]
            : [{ type: 'tool_use', id, name: part.tool, input: {} }, input(argumentsOf(part), chunkSize)]
      yield event('content_block_start', { index: i, content_block: block })
      for (const delta of deltas) yield event('content_block_delta', { index: i, delta })
      yield event('content_block_stop', { index: i })
    }
    if (turn.errorEvent) return yield event('error', { error: turn.errorEvent })
    const delta = { stop_reason: finishes[finishOf(answer)], stop_sequence: null }
    yield event('message_delta', { delta, usage: { output_tokens: usage.output } })
    yield event('message_stop', {})
  },
  whole: (answer) => {
    const { input: asked, output } = usageOf(answer)
    const content = numbered(answer).flatMap(({ part, id }): object[] => {
      if ('text' in part) return [{ type: 'text', text: part.text }]
      return 'tool' in part ? [{ type: 'tool_use', id, name: part.tool, input: part.input ?? {} }] : []
    })
    const usage = { input_tokens: asked, output_tokens: output }
    return { ...head(answer), content, stop_reason: finishes[finishOf(answer)], usage }
  },
  error: (status, message) => ({ type: 'error', error: { type: kinds[status] ?? 'api_error', message } }),
}

const kinds: Partial<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  429: 'rate_limit_error',
  529: 'overloaded_error',
}
const head = ({ n, model }: Answer) => ({
  id: `msg_${n}`,
  type: 'message',
  role: 'assistant',
  model,
  stop_sequence: null,
})

function* text(whole: string, size: number): Iterable<object> {
  for (const c of pieces(whole, size)) yield { type: 'text_delta', text: c }
}
function* thinking(whole: string, size: number): Iterable<object> {
  for (const c of pieces(whole, size)) yield { type: 'thinking_delta', thinking: c }
  yield { type: 'signature_delta', signature: 'signed' }
}
function* input(whole: string, size: number): Iterable<object> {
  for (const c of pieces(whole, size)) yield { type: 'input_json_delta', partial_json: c }
}

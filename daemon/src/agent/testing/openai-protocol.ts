import { argumentsOf, finishOf, frame, numbered, pieces, usageOf, type Answer, type Protocol } from './model-turn.ts'

const finishes = { stop: 'stop', length: 'length', 'content-filter': 'content_filter', 'tool-calls': 'tool_calls' }

/** `POST …/chat/completions`, as OpenAI and all who copy it speak it. */
export const openai: Protocol = {
  name: 'openai',
  *frames(answer) {
    const { turn, chunkSize } = answer
    const chunk = (choices: unknown[], rest = {}) =>
      frame({ id: `c${answer.n}`, object: 'chat.completion.chunk', created: 1, model: answer.model, choices, ...rest })
    const delta = (value: unknown, finish: string | null = null) =>
      chunk([{ index: 0, delta: value, finish_reason: finish }])
    yield delta({ role: 'assistant', content: '' })
    let call = 0
    for (const { part, id } of numbered(answer)) {
      if ('reasoning' in part) for (const c of pieces(part.reasoning, chunkSize)) yield delta({ reasoning_content: c })
      if ('text' in part) for (const c of pieces(part.text, chunkSize)) yield delta({ content: c })
      if (!('tool' in part)) continue
      const index = call++
      yield delta({ tool_calls: [{ index, id, type: 'function', function: { name: part.tool, arguments: '' } }] })
      for (const c of pieces(argumentsOf(part), chunkSize))
        yield delta({ tool_calls: [{ index, function: { arguments: c } }] })
    }
    if (turn.errorEvent) return yield frame({ error: turn.errorEvent })
    yield delta({}, finishes[finishOf(answer)])
    yield chunk([], { usage: usage(answer) })
    yield frame('[DONE]')
  },
  whole: (answer) => {
    const parts = numbered(answer)
    const calls = parts.flatMap(({ part, id }) =>
      'tool' in part ? [{ id, type: 'function', function: { name: part.tool, arguments: argumentsOf(part) } }] : [],
    )
    const text = parts.map(({ part }) => ('text' in part ? part.text : '')).join('')
    const message = { role: 'assistant', content: text || null, ...(calls.length > 0 && { tool_calls: calls }) }
    const choices = [{ index: 0, message, finish_reason: finishes[finishOf(answer)] }]
    const head = { id: `c${answer.n}`, object: 'chat.completion', created: 1, model: answer.model }
    return { ...head, choices, usage: usage(answer) }
  },
  error: (status, message) => ({ error: { message, type: 'scripted', code: String(status) } }),
}

function usage(answer: Answer) {
  const { input, output } = usageOf(answer)
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output }
}

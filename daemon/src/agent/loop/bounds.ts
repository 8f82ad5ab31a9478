import { createHash } from 'node:crypto'
import type { ModelMessage } from 'ai'
import type { Limits } from './ports.ts'
import type { Bound, SavedRun } from './state.ts'

/** The same call with the same result so often is no progress [AGT-13], among so many of the last ones. */
const maxSame = 3
const lastCalls = 12

/** What the run has come to that it may not pass without a person, in words. Each yes gives it as much once more. */
export function boundReached(run: SavedRun, limits: Limits): { bound: Bound; reason: string } | undefined {
  const { usage, progress } = run
  const allowed = (bound: Bound, limit: number) => limit * (1 + (progress.goneOn[bound] ?? 0))
  const tokens = usage.inputTokens + usage.outputTokens
  if (usage.rounds >= allowed('rounds', limits.rounds))
    return { bound: 'rounds', reason: `it has asked the model ${usage.rounds} times` }
  if (tokens >= allowed('tokens', limits.tokens)) return { bound: 'tokens', reason: `it has used ${tokens} tokens` }
  if (usage.costUsd !== undefined && usage.costUsd >= allowed('cost', limits.cost))
    return { bound: 'cost', reason: `it has cost ${usage.costUsd.toFixed(2)} dollars` }
  if (progress.activeMs >= allowed('time', limits.activeMs))
    return { bound: 'time', reason: `it has run for ${Math.round(progress.activeMs / 60_000)} minutes` }
  const same = sameAgain(run.messages.slice(progress.countedFrom))
  return same === undefined
    ? undefined
    : { bound: 'repeated', reason: `it has called ${same} ${maxSame} times alike, with the same result` }
}

/** The tool of which the last call came out as ones before it did; what a person says begins the count anew. */
function sameAgain(messages: readonly ModelMessage[]): string | undefined {
  const heard = messages.findLastIndex((message) => message.role === 'user')
  const inputs = new Map<string, unknown>()
  const calls: { tool: string; key: string }[] = []
  for (const { content } of messages.slice(heard + 1))
    for (const part of typeof content === 'string' ? [] : content) {
      if (part.type === 'tool-call') inputs.set(part.toolCallId, part.input)
      if (part.type !== 'tool-result') continue
      const { toolName: tool, toolCallId, output } = part
      calls.push({ tool, key: digest([tool, inputs.get(toolCallId), output]) })
    }
  const last = calls.slice(-lastCalls)
  // Of one answer's calls each may be the one.
  return last.find(({ key }) => last.filter((each) => each.key === key).length >= maxSame)?.tool
}

const digest = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex')

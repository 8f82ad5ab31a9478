import type { ModelFacts } from '../models/settings.ts'
import type { StepUsage } from '../step/step.ts'
import type { Usage } from './state.ts'

/** With one more round. Where a price is unknown the cost of all is: half a sum would be a wrong one. */
export function usageWith(usage: Usage, step: StepUsage, price: ModelFacts['price']): Usage {
  const { costUsd, ...counted } = usage
  const known = usage.rounds === 0 ? 0 : costUsd
  return {
    ...counted,
    rounds: usage.rounds + 1,
    inputTokens: usage.inputTokens + step.input,
    cachedInputTokens: usage.cachedInputTokens + step.cachedInput,
    outputTokens: usage.outputTokens + step.output,
    ...(price && known !== undefined && { costUsd: known + costOf(step, price) }),
  }
}

function costOf(step: StepUsage, { input, output, cachedInput = input }: NonNullable<ModelFacts['price']>): number {
  const fresh = Math.max(0, step.input - step.cachedInput)
  return (fresh * input + step.cachedInput * cachedInput + step.output * output) / 1_000_000
}

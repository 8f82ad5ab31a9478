import { expect, test } from 'vitest'
import { fuzzEscapes } from './escape-fuzz.ts'

const isRoot = process.getuid?.() === 0

// A little of what `pnpm test:long sandbox-escapes` does for minutes. A seed that ever broke it is added here.
test.each(isRoot ? [undefined, 12_345] : [undefined])(
  '[SBX-244] scripts drawn at random get nothing out, and leave nothing to run, owner %s',
  async (owner) => {
    const counts = { rounds: 0, commands: 0, steps: 0, setAside: 0, escapes: 0 }
    await fuzzEscapes({ seed: 1, rounds: 3, owner, counts })
    expect(counts).toMatchObject({ rounds: 3, commands: 6, escapes: 0 })
  },
)

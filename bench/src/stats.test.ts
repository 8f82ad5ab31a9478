import { expect, test } from 'vitest'
import { median, quantile, toTable } from './stats.ts'

test('[S317] medians and percentiles are those of the sorted samples', () => {
  const samples = Array.from({ length: 100 }, (_, i) => (i * 37) % 100)
  expect([median(samples), quantile(samples, 0.95), quantile(samples, 1)]).toEqual([50, 95, 99])
  expect(
    toTable([{ what: 'x', samples: [3, 1, 2], floor: { what: 'raw', samples: [1] } }])
      .split('\n')
      .at(-1),
  ).toMatch(/^x +3 +2\.00 +3\.00 +1\.00 +1\.00 +2\.0 x +floor: raw$/)
})

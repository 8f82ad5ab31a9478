export { fakeClock, type FakeClock } from './fake-clock.ts'
export type { LongSuite } from './long-suite.ts'
export { randomFrom } from './random.ts'

import { describeLeftovers } from './leftovers.suite.ts'
import { whereReduced } from './where-reduced.suite.ts'

const isRoot = process.getuid?.() === 0

whereReduced(() => {
  describeLeftovers(isRoot ? 'reduced, as root in a folder of root' : 'reduced, as an ordinary user', { reduced: true })
})

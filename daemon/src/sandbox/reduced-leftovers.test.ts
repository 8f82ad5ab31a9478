import { describeLeftovers } from './leftovers.suite.ts'

const isRoot = process.getuid?.() === 0

describeLeftovers(isRoot ? 'reduced, as root in a folder of root' : 'reduced, as an ordinary user', { reduced: true })

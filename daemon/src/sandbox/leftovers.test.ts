import { describeLeftovers } from './leftovers.suite.ts'

const isRoot = process.getuid?.() === 0

describeLeftovers(isRoot ? 'as root in a folder of root' : 'as an ordinary user')
if (isRoot) describeLeftovers('as root in a folder of someone else', { owner: 12_345 })

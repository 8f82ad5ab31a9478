import { describeReduced } from './reduced.suite.ts'
import { whereReduced } from './where-reduced.suite.ts'

const isRoot = process.getuid?.() === 0

whereReduced(() => {
  describeReduced(isRoot ? 'as root in a folder of root' : 'as an ordinary user')
  if (isRoot) describeReduced('as root in a folder of someone else', { owner: 12_345 })
})

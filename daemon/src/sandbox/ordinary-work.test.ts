import { describeOrdinaryWork } from './ordinary-work.suite.ts'

const isRoot = process.getuid?.() === 0

describeOrdinaryWork(isRoot ? 'as root in a folder of root' : 'as an ordinary user')
if (isRoot) describeOrdinaryWork('as root in a folder of someone else', { owner: 12_345 })

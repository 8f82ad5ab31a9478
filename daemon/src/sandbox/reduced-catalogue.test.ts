import { describeOrdinaryWork } from './ordinary-work.suite.ts'
import { describeSandbox } from './sandbox.suite.ts'
import { describeSystemCalls } from './system-calls.suite.ts'
import { whereReduced } from './where-reduced.suite.ts'

const isRoot = process.getuid?.() === 0

// Behind the walls of places without namespaces, on whatever machine this is; `reduced.test.ts` has the rows that differ.
const who = isRoot ? 'reduced, as root in a folder of root' : 'reduced, as an ordinary user'
whereReduced(() => {
  describeOrdinaryWork(who, { reduced: true })
  describeSandbox(who, { reduced: true })
  describeSystemCalls(who, { reduced: true })
  if (isRoot) describeSandbox('reduced, as root in a folder of someone else', { owner: 12_345, reduced: true })
})

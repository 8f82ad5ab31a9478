import { describeSystemCalls } from './system-calls.suite.ts'

const isRoot = process.getuid?.() === 0

describeSystemCalls(isRoot ? 'as root in a folder of root' : 'as an ordinary user')
if (isRoot) describeSystemCalls('as root in a folder of someone else', { owner: 12_345 })

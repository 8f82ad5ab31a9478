import { describeWayOut } from './way-out.suite.ts'

const isRoot = process.getuid?.() === 0

describeWayOut(isRoot ? 'as root in a folder of root' : 'as an ordinary user')
// A root daemon steps down to the owner of the folder; the number needs no account.
if (isRoot) describeWayOut('as root in a folder of someone else', { owner: 12_345 })

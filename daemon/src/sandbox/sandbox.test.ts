import { describeSandbox } from './sandbox.suite.ts'

const isRoot = process.getuid?.() === 0

describeSandbox(isRoot ? 'as root in a folder of root' : 'as an ordinary user')
// A root daemon steps down to the owner of the folder; the number needs no account.
if (isRoot) describeSandbox('as root in a folder of someone else', { owner: 12_345 })

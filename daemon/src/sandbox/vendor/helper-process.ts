// A process of its own for a library that is one for all, works in the folder it is started in, and may hang: what it
// leaves or breaks is its own. It is asked for lines of the shell, fenced in, and starts none of them itself.
import { writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { messageOf } from '@tandem/shared'
import { answersFd, ToHelper, type Fence, type FromHelper } from './messages.ts'

const say = (message: FromHelper) => void writeSync(answersFd, `${JSON.stringify(message)}\n`)
/** A path is a path, whatever characters are in it. */
const literally = (paths: readonly string[]) => paths.map((path) => ({ path, literal: true as const }))
/** Of its own a program is started behind the walls. */
const library = dirname(dirname(fileURLToPath(import.meta.resolve('@anthropic-ai/sandbox-runtime'))))
const filesystemOf = ({ denyRead, allowRead, allowWrite, denyWrite }: Fence) => ({
  denyRead: literally(denyRead),
  allowRead: literally([...allowRead, library]),
  allowWrite: literally(allowWrite),
  denyWrite: literally(denyWrite),
})

async function start() {
  const { SandboxManager } = await import('@anthropic-ai/sandbox-runtime')
  const { errors } = SandboxManager.checkDependencies()
  if (errors.length > 0) throw new Error(errors.join(', '))
  const network = { allowedDomains: [], deniedDomains: ['*'], strictAllowlist: true }
  const filesystem = filesystemOf({ denyRead: [], allowRead: [], allowWrite: [], denyWrite: [] })
  await SandboxManager.initialize({ network, filesystem })
  return SandboxManager
}

try {
  const manager = await start()
  const lines = createInterface({ input: process.stdin })
  lines.on('line', (text) => {
    const { n, line, fence } = ToHelper.parse(JSON.parse(text))
    void manager
      .wrapWithSandboxArgv(line, 'bash', { filesystem: filesystemOf(fence) })
      .then(({ argv: [file = '', ...args] }) => say({ t: 'fenced', n, argv: [file, ...args] }))
      .catch((e: unknown) => say({ t: 'failed', n, reason: messageOf(e) }))
  })
  lines.once('close', () => void manager.reset().finally(() => process.exit()))
  say({ t: 'ready' })
} catch (e) {
  say({ t: 'unfit', reason: messageOf(e) })
}

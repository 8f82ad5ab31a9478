import { TaskPayload } from '@tandem/shared'
import type { Programs } from './executor.suite.ts'

/** A `code` task. */
export const code = (text: string, more: object = {}) => TaskPayload.parse({ kind: 'code', code: text, ...more })
const spawning = (line: string) =>
  `import { spawn } from 'node:child_process'\nconst child = spawn('bash', ['-c', ${JSON.stringify(line)}], { stdio: 'inherit' })\n`

/** What only Node can do, as the suite of executors asks it; `more` says where. */
export function nodePrograms(more: object = {}): Programs {
  const node = (text: string) => code(text, more)
  return {
    speaks: node(`import { existsSync } from 'node:fs'
    console.log('one')
    while (!existsSync('go')) await new Promise((done) => setTimeout(done, 20))
    process.stderr.write('two\\n')
    process.exit(3)`),
    polite: node(`${spawning('trap "echo ended; exit" TERM; echo ready; while :; do sleep 0.05; done')}
    child.on('exit', () => { process.stdout.write('ended\\n'); process.exit() })
    process.on('SIGTERM', () => {})
    process.stdout.write('ready\\n')
    export default new Promise(() => {})`),
    deaf: (mark) =>
      node(`${spawning(`trap "" TERM HUP INT; setsid sleep ${mark} & exec sleep ${mark}`)}
    process.on('SIGTERM', () => {})
    export default new Promise(() => {})`),
    floods: (bytes) =>
      node(`const piece = 'a'.repeat(65_536)
    for (let i = 0; i < ${bytes / 65_536}; i++) process.stdout.write(piece)
    process.stdout.write('the end\\n')`),
    reads: node(`process.stdin.resume()
    await new Promise((done) => process.stdin.on('end', done))
    console.log('read')`),
    makes: node(`import { writeFileSync } from 'node:fs'\nwriteFileSync('ran', '')`),
    absent: { payload: code('export default 1', { runner: 'container', ...more }), says: /no containers here/ },
  }
}

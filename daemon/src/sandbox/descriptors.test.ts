import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'

const fixture = new URL('fixture.ts', import.meta.url).href
/** Says what three commands have open: one with its output as pipes, one of no walls, and those two at a terminal. */
const program = `
  import { createBed } from ${JSON.stringify(fixture)}
  const look = { argv: ['/bin/bash', '-c', 'for f in /proc/$$/fd/*; do readlink $f; done'] }
  const terminal = { size: { cols: 200, rows: 24 }, onOpen: () => {} }
  for (const unsafe of [false, true]) {
    const bed = await createBed({ unsafe })
    for (const more of [{}, { terminal }]) {
      let said = ''
      const onChunk = (_, bytes) => void (said += bytes)
      await bed.runner.runCommand({ ...look, ...more, cwd: bed.workspace, onChunk })
      console.log(said.trim().split(/\\s+/).join(' '))
    }
    bed.remove()
  }
  process.exit()`

test(
  '[TSK-206] a command has what it was started with alone, whatever was open to the daemon',
  { timeout: 30_000 },
  async () => {
    // A folder, as a daemon may have it from whoever started it, at a number that nobody marks as its own.
    const folder = openSync('/usr', 'r')
    const nothing = Array.from({ length: 240 }, () => 'ignore' as const)
    const stdio = ['ignore', 'pipe', 'inherit', ...nothing, folder] as const
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: [...stdio] })
    closeSync(folder)
    if (!child.stdout) throw new Error('it has no output')
    const [piped, drawn, pipedUnsafely, drawnUnsafely] = (await text(child.stdout)).trim().split('\n')
    for (const said of [piped, pipedUnsafely]) expect(said).toMatch(/^\/dev\/null socket:\S+ socket:\S+$/)
    for (const said of [drawn, drawnUnsafely]) expect(said).toMatch(/^(\/dev\/(pts\/\d+|tty|console) ?){3}$/)
  },
)

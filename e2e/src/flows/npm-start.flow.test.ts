import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Ready } from '@tandem/shared'
import { afterEach, expect, test } from 'vitest'
import { isAlive, processesBelow } from '../harness/processes.ts'
import { removeTemp, tempFolder } from '../harness/tandem.ts'
import { until } from '../harness/until.ts'

afterEach(removeTemp)

const root = fileURLToPath(new URL('../../..', import.meta.url))

test('[OPS-2] [OPS-18] npm start serves a folder, prints one line of JSON, and ends with Ctrl-C: exit code 0, nothing orphaned', async () => {
  const [folder, data] = [tempFolder({ 'a.txt': 'one\n' }), tempFolder()]
  const args = ['start', '--silent', '--', folder, '--data', data, '--json', '--no-open', '--port', '0']
  const npm = spawn('npm', args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const lines: string[] = []
  createInterface({ input: npm.stdout }).on('line', (line) => lines.push(line))
  let stderr = ''
  npm.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = new Promise<number | null>((resolve) => npm.once('close', resolve))

  const line = await until('the line of JSON', () => lines[0], 80_000).catch(() => Promise.reject(new Error(stderr)))
  const ready = Ready.parse(JSON.parse(line))
  expect(ready).toMatchObject({ folder, dataDir: data })
  expect((await fetch(`${ready.apiUrl}/api/health`)).status).toBe(200)
  const below = processesBelow(npm.pid ?? 0).map(({ pid }) => pid)
  expect(below).toContain(ready.pid)

  // Ctrl-C reaches the whole foreground group of the terminal.
  process.kill(-(npm.pid ?? 0), 'SIGINT')
  expect(await ended).toBe(0)
  expect(below.filter(isAlive)).toEqual([])
  expect(lines).toHaveLength(1)
})

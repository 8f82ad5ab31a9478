import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createIgnore } from './ignore.ts'
import { createScanner } from './scanner.ts'

function folder(files: Record<string, string>) {
  const root = mkdtempSync(join(tmpdir(), 'tandem-scanner-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  for (const [path, text] of Object.entries(files)) write(path, text)
  const ignore = createIgnore(root)
  const scanner = createScanner(root, ignore, 5)
  onTestFinished(() => scanner.close())
  const dirs: string[] = []
  return {
    root,
    ignore,
    dirs,
    write,
    scan: (signal = new AbortController().signal) => scanner.scan(signal, (dir) => dirs.push(dir)),
  }
}

const some = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`src/d${i % 7}/f${i}.ts`, `${i}\n`]))

test('[MIR-75] a thread of its own finds the very same as a scan here', async () => {
  const { root, dirs, scan, write } = folder({ ...some(1_200), 'node_modules/p/i.js': '', '.env': '', 'a:b': '' })
  symlinkSync('src/d1/f1.ts', join(root, 'good'))
  symlinkSync('/etc/passwd', join(root, 'bad'))
  mkdirSync(join(root, 'empty'))
  write('sub/.gitignore', 'x.log\n')
  write('sub/x.log', '')
  const here = await scan()
  const seen = dirs.splice(0)
  const there = await scan()
  expect(there).toEqual(here)
  expect(there.files.size).toBe(1_201)
  expect(dirs).toEqual(seen)
})

test('[MIR-75] [MIR-74] an ignore file that changes counts in both threads at once, and so does git’s own list', async () => {
  const { scan, write, ignore, root } = folder({ ...some(20), 'sub/a.log': '', 'sub/b.txt': '' })
  await scan()
  await scan()
  write('.gitignore', '*.log\n')
  write('.git/info/exclude', '*.txt\n')
  const { files } = await scan()
  expect([files.has('sub/a.log'), files.has('sub/b.txt')]).toEqual([false, false])
  expect([ignore.reason('sub/a.log', false), ignore.reason('sub/b.txt', false)]).toEqual(['.gitignore', '.gitignore'])
  rmSync(join(root, '.gitignore'))
  write('.git/info/exclude', '')
  expect((await scan()).files.has('sub/a.log')).toBe(true)
  expect([ignore.reason('sub/a.log', false), ignore.reason('sub/b.txt', false)]).toEqual([undefined, undefined])
})

test('[MIR-75] a root that is gone throws, there too; back again it is scanned', async () => {
  const { root, scan } = folder(some(20))
  await scan()
  renameSync(root, `${root}-away`)
  await expect(scan()).rejects.toThrow('ENOENT')
  renameSync(`${root}-away`, root)
  expect((await scan()).files.size).toBe(20)
})

test('[MIR-75] a scan that is given up ends its thread, and the next one has another', async () => {
  const { scan } = folder(some(20))
  await scan()
  const stop = new AbortController()
  const scanning = scan(stop.signal)
  stop.abort(new Error('given up'))
  await expect(scanning).rejects.toThrow('given up')
  expect((await scan()).files.size).toBe(20)
})

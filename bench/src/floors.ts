import { fork } from 'node:child_process'
import { watch } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A plain Hocuspocus server in a process of its own. */
export async function startEchoServer(): Promise<{ url: string; stop(): Promise<void> }> {
  const child = fork(fileURLToPath(new URL('./echo-server.ts', import.meta.url)))
  const { port } = await new Promise<{ port: number }>((resolve, reject) => {
    child.once('message', (message) => resolve(message as { port: number }))
    child.once('exit', (code) => reject(new Error(`the echo server ended with ${code}`)))
  })
  return {
    url: `ws://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve())
        child.disconnect()
      }),
  }
}

/** How long a write takes until a plain watcher has heard of it. */
export async function rawWriteAndWatch(count: number, pause: () => Promise<void>): Promise<number[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-bench-'))
  const file = join(folder, 'a.txt')
  await writeFile(file, 'x')
  let heard = () => {}
  const watcher = watch(folder, () => heard())
  const samples: number[] = []
  try {
    for (let i = 0; i < count; i++) {
      await pause()
      const done = new Promise<void>((resolve) => (heard = resolve))
      const from = performance.now()
      await writeFile(file, `x${i}`)
      await done
      samples.push(performance.now() - from)
    }
  } finally {
    watcher.close()
    await rm(folder, { recursive: true })
  }
  return samples
}

import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock, type Clock } from '@tandem/shared'
import { expect, test } from 'vitest'
import { startThread, type Host, type StartHost } from './watch-host.ts'
import { describeWatching, until, watching } from './watch.suite.ts'

describeWatching('directories')
describeWatching('chokidar')
describeWatching('parcel')

test('[MIR-44] a thread that watches and dies is replaced, all is looked at, and it watches as before', async () => {
  const hosts: Host[] = []
  const startHost: StartHost = (...args) => {
    const host = startThread(...args)
    hosts.push(host)
    return host
  }
  const { watch, told, seen, lines, write } = await watching('directories', ['src'], { startHost })
  expect([watch.complete(), seen.gaps]).toEqual([true, 1])
  hosts[0]?.kill()
  await until(() => !watch.complete())
  await until(() => seen.gaps === 2)
  expect(watch.complete()).toBe(true)
  expect(lines.some((line) => line.includes('watcher in trouble'))).toBe(true)
  write('src/a.ts')
  await until(() => told.has('src/a.ts'))
  // Once is nobody's concern.
  expect(seen.troubles.filter(Boolean)).toEqual([])
})

test('[MIR-44] [MIR-71] one that dies again and again is told of, until it lives', async () => {
  let deaths = 0
  const startHost: StartHost = (data, options) => {
    const host = startThread(data, options)
    if (deaths++ < 3) host.kill()
    return host
  }
  const { watch, seen } = await watching('directories', ['src'], { startHost, clock: hurried })
  expect(deaths).toBe(4)
  expect(watch.complete()).toBe(true)
  expect(seen.troubles).toEqual([undefined, undefined, 'broken', undefined])
})

test('[MIR-71] a watcher that went deaf without an error is found out and replaced', async () => {
  const { root, told, seen, lines, write } = await watching('directories', ['src'], { clock: hurried })
  // The watch of a directory that goes where nobody looks is silent for ever after.
  rmSync(join(root, '.tandem'), { recursive: true, force: true })
  mkdirSync(join(root, '.tandem/tmp'), { recursive: true })
  await until(() => lines.some((line) => line.includes('watcher is deaf')) && seen.gaps > 1)
  const before = lines.length
  write('src/a.ts')
  await until(() => told.has('src/a.ts'))
  expect(lines.slice(before)).toEqual([])
})

/** Rests are a tenth as long. */
const hurried: Clock = { now: () => systemClock.now(), after: (ms, call) => systemClock.after(ms / 10, call) }

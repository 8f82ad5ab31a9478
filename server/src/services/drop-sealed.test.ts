import { createId, docPath, silentLog, type DocRef, type Task } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test, vi } from 'vitest'
import { hashOf } from '../store/blobs.suite.ts'
import { openMemoryBlobs } from '../store/blobs-memory.ts'
import { runDroppingSealed } from './drop-sealed.ts'

test('[TSK-106] a live log goes once its record says where the whole lies, all of that is here, and it is not open', async () => {
  const clock = fakeClock(1_000)
  const outputs = openMemoryBlobs(clock.now)
  const [here, away] = ['here', 'away'].map((text) => Buffer.from(text))
  const put = async (bytes: Buffer | undefined) =>
    bytes && outputs.put(hashOf(bytes), { offset: 0, size: bytes.length, bytes })
  await put(here)
  const tasks = new Map<string, Task>()
  const logs = new Map<string, { isOpen: boolean }>()
  const add = (segments: Buffer[] | undefined, isOpen = false): string => {
    const ref: DocRef = { kind: 'log', taskId: createId(), attempt: 2 }
    const lying = segments?.map((bytes) => ({ blob: hashOf(bytes), size: 4, lines: 1 }))
    const output = { bytes: 4, truncated: false, ...(lying ? { segments: lying } : {}) }
    const attempts = [
      { n: 1, daemonId: createId() },
      { n: 2, daemonId: createId(), output },
    ]
    tasks.set(ref.taskId, { attempts } as Task)
    logs.set(docPath(ref), { isOpen })
    return docPath(ref)
  }
  const none = add([])
  const sealed = add([here!])
  const unnamed = add(undefined)
  const incomplete = add([here!, away!])
  const open = add([here!], true)
  const kept = { fails: true }
  let looks = 0
  const stop = new AbortController()
  const running = runDroppingSealed(
    {
      tasks: { get: (id) => tasks.get(id) },
      updates: { names: () => (looks++, [...logs.keys(), 'log/nonsense']) },
      documents: {
        durable: async () => {
          if (kept.fails) throw new Error('the disk is full')
        },
        drop: async (ref) => logs.get(docPath(ref))?.isOpen === false && logs.delete(docPath(ref)),
      },
      outputs,
      clock,
      log: silentLog,
    },
    stop.signal,
  )
  /** Until one that began after now is over. */
  const rounds = async () => {
    const before = looks
    await vi.waitUntil(() => (clock.advance(5_000), looks >= before + 2))
  }
  await rounds()
  expect([...logs.keys()]).toEqual([none, sealed, unnamed, incomplete, open])
  kept.fails = false
  await rounds()
  expect([...logs.keys()]).toEqual([unnamed, incomplete, open])
  await put(away)
  for (const each of logs.values()) each.isOpen = false
  await rounds()
  expect([...logs.keys()]).toEqual([unnamed])
  stop.abort()
  await running
})

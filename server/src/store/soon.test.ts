import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import { createSoon } from './soon.ts'

/** Writes by name, each on disk when the test says so. */
function bench() {
  const clock = fakeClock()
  const soon = createSoon(clock)
  const written: string[] = []
  const disk = new Map<string, PromiseWithResolvers<void>>()
  const add = (what: string, doc = 'a') =>
    soon.add(doc, () => {
      written.push(what)
      const done = Promise.withResolvers<void>()
      disk.set(what, done)
      return done.promise
    })
  return { clock, soon, written, disk, add }
}

test('[TSK-220] the first change is written at once, what follows in quick succession together, and after a rest at once again', () => {
  const { clock, soon, written, add } = bench()
  add('first')
  expect(written).toEqual(['first'])
  for (const what of ['second', 'third', 'fourth']) {
    clock.advance(19)
    add(what)
  }
  add('of another', 'b')
  expect(written).toEqual(['first', 'of another'])
  clock.advance(20)
  expect(written).toEqual(['first', 'of another', 'fourth'])
  expect(soon.pending('a')).toBeUndefined()
  add('after a rest')
  expect(written.at(-1)).toBe('after a rest')
})

test('[TSK-220] nothing waits longer than half a second, however much follows it', () => {
  const { clock, written, add } = bench()
  for (let ms = 0; ms < 5_000; ms += 10) {
    add(`at ${ms}`)
    clock.advance(10)
  }
  expect(written.length).toBeGreaterThan(8)
  expect(written.length).toBeLessThan(13)
})

test('[TSK-221] what waits is pending until it is on disk, and fails as that does', async () => {
  const { clock, soon, disk, add } = bench()
  add('first')
  add('second')
  const heard: string[] = []
  const second = soon.pending('a')?.then(() => heard.push('on disk'))
  clock.advance(20)
  await Promise.resolve()
  expect(heard).toEqual([])
  disk.get('second')?.resolve()
  await second
  expect(heard).toEqual(['on disk'])
  add('third')
  add('fourth')
  const fourth = soon.pending('a')
  soon.flush('a')
  disk.get('fourth')?.reject(new Error('the disk is full'))
  await expect(fourth).rejects.toThrow('the disk is full')
})

test('[TSK-221] at the end all of it is written', () => {
  const { clock, soon, written, add } = bench()
  add('first')
  add('second')
  soon.flushAll()
  clock.advance(1_000)
  expect(written).toEqual(['first', 'second'])
})

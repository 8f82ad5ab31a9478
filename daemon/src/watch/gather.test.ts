import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import { createGather, type Told } from './gather.ts'

function gathering() {
  const clock = fakeClock()
  const told: Told[] = []
  return { clock, told, gather: createGather({ tell: (each) => told.push(each), ...clock }) }
}

test('[MIR-72] while whoever is told is busy, what comes waits, each path once', () => {
  const { told, gather } = gathering()
  for (const path of ['a', 'b', 'c', 'b']) gather.add(path)
  expect(told).toEqual([{ storm: false, paths: ['a'] }])
  gather.free()
  expect(told[1]).toEqual({ storm: false, paths: ['b', 'c'] })
  gather.free()
  gather.add('b')
  expect(told).toHaveLength(3)
})

test('[MIR-72] more than 500 hints in 100 ms are a storm: no path is named, and that it lasts is told now and then', () => {
  const { clock, told, gather } = gathering()
  for (let i = 0; i < 100_000; i++) {
    gather.add(`f${i}`)
    gather.free()
    if (i % 1_000 === 0) clock.advance(10)
  }
  expect(told.filter(({ storm }) => storm).length).toBeGreaterThan(2)
  expect(told.length).toBeLessThan(600)
  expect(told.at(-1)).toEqual({ storm: true, paths: [] })
  clock.advance(1_000)
  gather.free()
  gather.add('calm')
  expect(told.at(-1)).toEqual({ storm: false, paths: ['calm'] })
})

test('[MIR-72] what waits is bounded: more than 500 paths at once are a storm too', () => {
  const { clock, told, gather } = gathering()
  gather.add('first')
  for (let i = 0; i < 600; i++) {
    gather.add(`f${i}`)
    clock.advance(50)
  }
  gather.free()
  expect(told).toEqual([
    { storm: false, paths: ['first'] },
    { storm: true, paths: [] },
  ])
})

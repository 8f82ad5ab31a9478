import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** What could run code that came from outside. */
const runs = /node:(child_process|vm|worker_threads|cluster|module)|\beval\(|new Function\b|\bimport\((?!['"])/

test('[S316] the server runs no code of a user: it starts no process, and evaluates nothing', () => {
  const sources = globSync('**/*.ts', { cwd: import.meta.dirname }).filter(
    (name) => !/\.(test|suite|long|sim)\.ts$|^test-|^crash\//.test(name),
  )
  expect(sources.length).toBeGreaterThan(50)
  const found = sources.filter((name) => runs.test(readFileSync(join(import.meta.dirname, name), 'utf8')))
  expect(found).toEqual([])
})

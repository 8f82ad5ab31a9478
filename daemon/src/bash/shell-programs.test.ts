import { aborted } from '@tandem/shared'
import { expect, test } from 'vitest'
import type { RunTask } from './ports.ts'
import { shellBed } from './shell-bed.suite.ts'

/** A program that changes a file and does not end by itself; `last` is what it does when it is ended. */
function endless(last: () => Promise<void> = async () => {}) {
  const runTask: RunTask = async (_, __, { signal }) => {
    const id = bed.server.id('a.txt')
    bed.server.type(id, { at: bed.server.text(id).length, del: 0, ins: 'program\n' })
    await aborted(signal)
    await last()
    return { stdout: '', stderr: '', exitCode: 130 }
  }
  const bed = shellBed({ runTask })
  bed.server.create('a.txt', 'one\n')
  return bed
}

test('[SBX-416] a program ends when the line gives it no more time, and nothing is made known twice over what it did', async () => {
  const line = 'cd /workspace; sed -i s/one/two/ a.txt; timeout 0.1 node; true'
  for (const { exec, server } of [endless(), endless(() => new Promise((resolve) => setTimeout(resolve, 500)))]) {
    await exec(line)
    expect(server.at('a.txt')).toBe('two\nprogram\n')
  }
})

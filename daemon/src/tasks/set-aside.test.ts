import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createId, silentLog, TaskPayload, TaskResult, type Task } from '@tandem/shared'
import { openTaskLog, type LogChunk } from '@tandem/shared/docs'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { createBed } from '../sandbox/fixture.ts'
import { runAttempt, type AttemptPorts } from './attempt.ts'
import { createExecute } from './execute.ts'
import { commandExecutor } from './run-command.ts'
import { createWays } from './ways.ts'

test('[SBX-234] [SBX-240] what is set aside, and too much growth, are told in the record and the output, before anything is shared', async () => {
  const bed = await createBed({ limits: { growthFiles: 200 } })
  const said: LogChunk[] = []
  const seen: boolean[] = []
  const spool = {
    write: (chunks: readonly LogChunk[]) => void said.push(...chunks),
    room: () => undefined,
    close: async () => {},
    seal: () => Promise.reject(new Error('no server here')),
  }
  const ways = createWays({ workspace: bed.workspace, environment: {}, clock: fakeClock(), log: silentLog })
  const ports: AttemptPorts = {
    execute: createExecute({ command: commandExecutor({ ...bed, policyNow: () => bed.policy, ways }) }),
    openLog: async () => ({ log: openTaskLog(new Y.Doc()), spool, durable: async () => {}, close: () => {} }),
    barriers: {
      flush: async () => [],
      settle: async () => {
        seen.push(existsSync(join(bed.workspace, '.envrc')))
        return []
      },
    },
    begin: () => () => {},
    clock: fakeClock(),
    log: silentLog,
  }
  const never = new AbortController().signal
  const job = {
    killSignal: never,
    stop: never,
    giveUp: never,
    onProcess: () => () => {},
    onTerminal: () => {},
    onStart: () => {},
  }
  const run = async (command: string) => {
    const payload = TaskPayload.parse({ kind: 'command', command, shell: true })
    const task = { id: createId(), attempt: 3, payload, timeoutMs: 20_000 } as Task
    const { state, result } = await runAttempt(task, ports, job)
    return { task, state, result: TaskResult.parse(result) }
  }
  try {
    const { task, state, result } = await run('echo evil > .envrc')
    const folder = `.tandem/quarantine/${task.id}.3`
    expect({ state, setAside: result.setAside }).toEqual({
      state: 'completed',
      setAside: { folder, paths: ['.envrc'], left: [] },
    })
    expect(readFileSync(join(bed.workspace, folder, '.envrc'), 'utf8')).toBe('evil\n')
    const text = said.map(({ d }) => Buffer.from(d).toString()).join('')
    expect(text).toContain(`set aside in ${folder}`)
    expect(text).toContain('move back what you want to keep: .envrc')
    expect(seen).toEqual([false])
    const grown = await run('for ((i = 0; ; i++)); do : > $i; done')
    expect(grown).toMatchObject({
      state: 'failed',
      result: { code: 'growth-limit', error: expect.stringContaining('still there') },
    })
  } finally {
    bed.remove()
  }
})

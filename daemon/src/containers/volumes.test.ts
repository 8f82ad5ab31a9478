import { createId, silentLog } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import { defaultLimits } from '../sandbox/limits.ts'
import type { Cli } from './cli.ts'
import { createContainers } from './containers.ts'
import { createArgs } from './create-args.ts'

const identity = { uid: 12_345, gid: 12_345, isRoot: false, drop: false }
const limits = defaultLimits

test('[SBX-430] what an image names as its volumes is nothing that could be written, and goes with what is left behind', async () => {
  const plan = {
    ...{ image: 'any', cpus: 1, workspace: '/nowhere', identity, limits, writable: true },
    ...{ protectedPaths: { pinned: [], readOnly: [], hidden: [] }, covered: [], isRootless: false },
  }
  expect(createArgs({ ...plan, isPodman: true }).join(' ')).toContain('--image-volume ignore')
  expect(createArgs({ ...plan, isPodman: false })).not.toContain('--image-volume')

  const asked: string[][] = []
  const ask: Cli['ask'] = (...words) => {
    asked.push(words)
    return Promise.resolve({ ok: true, stdout: words[0] === 'ps' ? 'tandem-left-1\nothers\n' : '', stderr: '' })
  }
  const { sweep } = createContainers({
    ...{ cli: { program: 'docker', isPodman: false, environment: {}, ask }, image: 'any', cpus: 1 },
    machine: { workspace: '/nowhere', identity, limits, protect: [], hide: [], log: silentLog, hostEnvironment: {} },
    ...{ bootId: createId(), clock: fakeClock(), signal: new AbortController().signal },
  })
  await sweep()
  expect(asked.at(-1)).toEqual(['rm', '-f', '-v', 'tandem-left-1'])
})

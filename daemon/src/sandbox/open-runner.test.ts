import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env } from 'node:process'
import { expect, onTestFinished, test } from 'vitest'
import { silentLog } from '@tandem/shared'
import { describeMachine } from './open-runner.ts'
import { defaultPolicy } from './policy.ts'

test('[SBX-370] the name for commits is asked of a git outside the folder, and of no settings in it', () => {
  const base = mkdtempSync(join(tmpdir(), 'tandem-machine-'))
  onTestFinished(() => rmSync(base, { recursive: true }))
  const [workspace, home] = [join(base, 'root'), join(base, 'home')]
  for (const folder of [join(workspace, 'bin'), home]) mkdirSync(folder, { recursive: true })
  writeFileSync(join(workspace, 'bin/git'), `#!/bin/sh\ntouch ${base}/ran\necho Mallory\n`)
  chmodSync(join(workspace, 'bin/git'), 0o755)
  writeFileSync(join(home, '.gitconfig'), '[user]\n  name = Ada\n')
  const environment = { PATH: `${workspace}/bin:${env.PATH}`, HOME: home }
  const { git } = describeMachine({ workspace, policy: defaultPolicy, environment, log: silentLog })
  expect(existsSync(join(base, 'ran'))).toBe(false)
  expect(git).toEqual({ name: 'Ada' })
})

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSettings } from '@tandem/shared'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { up } from './up.ts'

let place: string
beforeEach(() => void (place = mkdtempSync(join(tmpdir(), 'tandem-cli-'))))
afterEach(() => rmSync(place, { recursive: true }))

test('[SBX-211] [OPS-11] a policy that is wrong is said before anything is started', async () => {
  const [folder, data] = [join(place, 'folder'), join(place, 'data')]
  for (const dir of [folder, join(place, 'tandem')]) mkdirSync(dir)
  writeFileSync(join(place, 'tandem', 'policy.json'), '{"commands": {"default": "maybe"}}')
  const said: string[] = []
  const say = { out: (text: string) => said.push(text), err: (text: string) => said.push(text), progress: () => {} }
  const machine = { env: { XDG_CONFIG_HOME: place }, home: place, isTTY: false }
  const { signal } = new AbortController()
  const running = up({ folder, settings: readSettings({ flags: { data } }), machine, say, force: signal }, signal)
  await expect(running).rejects.toMatchObject({
    code: 'config-invalid',
    message: expect.stringContaining('policy.json is not valid: commands.default: '),
  })
  expect(said).toEqual([])
  expect(existsSync(join(data, 'running.json'))).toBe(false)
})

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createBed, type Bed } from './fixture.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })
let bed: Bed
beforeAll(async () => {
  bed = await createBed()
  if (bed.probe.tier !== 'full') throw new Error(`${bed.probe.reason}. ${bed.probe.fix}`)
})
afterAll(() => bed?.remove())

// More than once each: the second command of a daemon may be started in another way than the first.
const twice = [1, 2]

test('[SBX-402] [S141] whatever the words of a command look like, they come as they are', async () => {
  const words = [
    `it's '; touch made; '`,
    '\\',
    `\\'`,
    '$(touch made)',
    '`touch made`',
    `\n'\ntouch made\n`,
    '"',
    '!!',
    '',
    '\ud800',
    'é€😀',
    '-n',
  ]
  const shown = [...words].map((word) => `<${word.toWellFormed()}>`).join('')
  for (const _ of twice) {
    expect(await bed.run({ argv: ['printf', '<%s>', ...words] })).toMatchObject({ exitCode: 0, stdout: shown })
    const env = { PLAIN: words[0] ?? '', LINES: words[5] ?? '' }
    expect((await bed.run('printf "<%s>" "$PLAIN" "$LINES"', { env })).stdout).toBe(`<${words[0]}><${words[5]}>`)
  }
  expect(existsSync(join(bed.workspace, 'made')) || existsSync('made')).toBe(false)
})

test('[SBX-402] one with a NUL in it is refused in words, and so is a variable', async () => {
  for (const _ of twice) {
    for (const command of [{ argv: ['echo', 'a\0b'] } as const, { argv: ['ec\0ho'] } as const, 'echo a\0b'])
      await expect(bed.run(command)).rejects.toMatchObject({
        code: 'bad-request',
        message: expect.stringMatching(/NUL/),
      })
    await expect(bed.run('true', { env: { NAME: 'a\0b' } })).rejects.toMatchObject({ code: 'bad-request' })
    expect(await bed.run('echo still')).toMatchObject({ stdout: 'still\n' })
  }
})

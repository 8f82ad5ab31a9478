import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBed, type Bed } from './fixture.ts'

const isRoot = process.getuid?.() === 0

// A root daemon steps down to the owner of the folder, as whom much of /proc is closed to others of theirs.
describe.each(isRoot ? [undefined, 12_345] : [undefined])('growth of the folder, owner %s', (owner) => {
  let bed: Bed
  beforeAll(async () => void (bed = await createBed({ owner })))
  afterAll(() => bed?.remove())
  const limits = { growthMb: 8, growthFiles: 2_000, wallMs: 25_000, graceMs: 0 }
  const run = async (line: string) => {
    const { reason, exitCode, stderr } = await bed.run(`mkdir -p grown; cd grown; ${line}`, { limits })
    await bed.run('chmod -R u+rwx grown; rm -r grown')
    return { reason, exitCode, stderr }
  }

  test('[SBX-66] [SBX-240] a command that makes files without end is ended', async () => {
    const ran = await run('for ((i = 0; i < 200000; i++)); do ((i % 100)) || mkdir $i; : > $((i / 100 * 100))/$i; done')
    expect(ran).toMatchObject({ reason: 'growth-limit', exitCode: null })
  })
  test('[SBX-240] or fills the folder: with files, with what is not there any more, with files that were there', async () => {
    await bed.run(': > old')
    for (const line of [
      'for ((i = 0; ; i++)); do head -c 1M /dev/zero > $i; sleep 0.02; done',
      'exec 9> gone; rm gone; while :; do head -c 1M /dev/zero >&9; sleep 0.02; done',
      'while :; do head -c 1M /dev/zero >> ../old; sleep 0.02; done',
      'mkdir closed; exec 8> closed/x; chmod 0 closed; while :; do head -c 1M /dev/zero >&8; sleep 0.02; done',
    ]) {
      expect([line, await run(line)]).toMatchObject([line, { reason: 'growth-limit', exitCode: null }])
      await bed.run(': > old')
    }
  })
  test('[SBX-240] what others write elsewhere is not the command’s', async () => {
    const other = join(bed.outside, 'other')
    const ran = run('head -c 3M /dev/zero > mine; until [ -e ../go ]; do sleep 0.05; done')
    writeFileSync(other, Buffer.alloc(16 * 2 ** 20))
    // Two looks later it would be ended.
    await bed.run('sleep 0.5')
    writeFileSync(join(bed.workspace, 'go'), '')
    expect(await ran).toMatchObject({ exitCode: 0 })
    rmSync(other)
  })
})

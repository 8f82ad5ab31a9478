import { expect, test } from 'vitest'
import { shellBed } from './shell-bed.suite.ts'
import { shellLimits } from './shell.ts'

test('[S223] [SBX-323] what lies below /workspace are the documents: pipes, loops and tools work on them', async () => {
  const { exec, server } = shellBed()
  server.create('src/a.ts', 'const a = 1\n')
  server.create('src/b.ts', 'const b = 2\n')
  const ids = [server.id('src/a.ts'), server.id('src/b.ts')]
  expect((await exec('[ -s /workspace/src/a.ts ] && [ -x /workspace/src/a.ts ] || echo plain')).stdout).toBe('plain\n')
  expect((await exec('[ -s /workspace/src/a.ts ] && wc -c < /workspace/src/a.ts')).stdout.trim()).toBe('12')
  expect(await exec('cd /workspace && grep -rl const . | sort')).toMatchObject({ stdout: 'src/a.ts\nsrc/b.ts\n' })
  await exec(
    'sed -i s/const/let/ src/*.ts; mv src/b.ts src/c.ts; mkdir -p new/deep empty; echo x > new/deep/x; cp src/a.ts copy.ts',
  )
  expect(server.at('src/a.ts')).toBe('let a = 1\n')
  expect(server.at('src/c.ts')).toBe('let b = 2\n')
  expect(server.at('copy.ts')).toBe('let a = 1\n')
  expect([server.id('src/a.ts'), server.id('src/c.ts')]).toEqual(ids)
  expect(server.files.snapshot().byPath.get('empty')?.kind).toBe('dir')
  await exec('rm -r src; mv new/deep/x /home/x')
  expect([...server.files.snapshot().byPath.keys()].toSorted()).toEqual(['copy.ts', 'empty', 'new/deep'])
  expect((await exec('cat /home/x')).stdout).toBe('x\n')
})

test('[SBX-324] a file that is written by way of another stays the same file', async () => {
  const { exec, server } = shellBed()
  server.create('a.txt', 'one\n')
  const id = server.id('a.txt')
  await exec('cd /workspace; sed s/one/two/ a.txt > a.tmp && mv a.tmp a.txt')
  expect([server.id('a.txt'), server.at('a.txt')]).toEqual([id, 'two\n'])
  await exec('cd /workspace; rm a.txt; echo three > a.txt')
  expect([server.id('a.txt'), server.at('a.txt')]).toEqual([id, 'three\n'])
})

test('[SBX-326] secrets, links and names that are not allowed are refused in words', async () => {
  const { exec, server } = shellBed()
  server.create('.env', 'KEY=1\n')
  const { stdout, stderr } = await exec(
    'cd /workspace; ls -a; cat .env; ln -s .env link; echo x > Ab; echo y > aB; echo z > ok',
  )
  expect(stdout).toContain('.env')
  expect(stdout).not.toContain('KEY')
  expect(stderr).toContain('/workspace/.env: not read: it is a secret')
  expect(stderr).toMatch(/link/)
  expect(stderr).toContain('some disks cannot tell')
  expect(server.at('ok')).toBe('z\n')
  expect(server.at('.env')).toBe('KEY=1\n')
})

test('[SBX-327] somebody types in the same files while lines run: nothing of it is lost, and no file is ever empty', async () => {
  let [typed, shortest] = [0, Infinity]
  const { exec, server } = shellBed({
    around: () => {
      const text = server.text(id)
      shortest = Math.min(shortest, text.length)
      server.type(id, { at: text.indexOf('\n', (typed * 37) % text.length) + 1, del: 0, ins: `human ${typed++}\n` })
    },
  })
  const lines = Array.from({ length: 40 }, (_, i) => `line ${i} foo\n`)
  const id = server.create('a.txt', lines.join(''))
  await exec('cd /workspace; sed -i s/foo/bar/ a.txt; echo appended >> a.txt')
  await exec('cat a.txt > copy; tac copy | tac > a.txt; sed s/bar/baz/ a.txt > b && mv b a.txt; mv a.txt moved.txt')
  expect(server.id('moved.txt')).toBe(id)
  const removed = await exec('rm moved.txt')
  expect(removed.stderr).toContain('somebody typed in it meanwhile')
  expect(server.id('moved.txt')).toBe(id)
  expect(typed).toBeGreaterThan(10)
  const text = server.text(id)
  for (let i = 0; i < typed; i++) expect(text.match(new RegExp(`^human ${i}$`, 'gm'))).toHaveLength(1)
  for (let i = 0; i < lines.length; i++) expect(text).toContain(`line ${i} baz\n`)
  expect(text).toContain('appended\n')
  expect(shortest).toBeGreaterThanOrEqual(lines.join('').length)
})

test('[SBX-418] a line that looks at more than it may is told so, of files that stay what they are', async () => {
  const { exec, server } = shellBed({ limits: { ...shellLimits, fileBytes: 250_000 } })
  for (const name of ['a', 'b', 'c', 'd']) server.putBlob(`${name}.bin`, Buffer.alloc(100_000, name))
  const { stdout, stderr } = await exec('cd /workspace; wc -c *.bin | tail -1; rm d.bin; mv c.bin e.bin')
  expect(stdout).toContain('200000')
  expect(stderr).toContain('/workspace/d.bin: not read: a line may not look at so much')
  expect((await exec('cd /workspace; cat a.bin b.bin > f; echo x >> d.bin')).stderr).toContain('so much')
  expect([...server.files.snapshot().byPath.keys()].toSorted()).toEqual(['a.bin', 'b.bin', 'c.bin', 'd.bin'])
  expect((await exec('cd /workspace; cat d.bin | wc -c')).stdout.trim()).toBe('100000')
})

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBed, type Bed } from './fixture.ts'

/**
 * Each with its number on x64 and on arm64, how it is called (in Perl, where `$s` is some text), and the error that contains
 * it; where a reduced sandbox answers another, that one too.
 */
// oxfmt-ignore
const calls: ReadonlyArray<readonly [rules: string, name: string, x64: number, arm64: number, args: string, errno: number, reduced?: number]> = [
  ['[SBX-54]', 'ptrace', 101, 117, '0, 0, 0, 0', 1],
  ['[SBX-54]', 'reading the memory of another process', 310, 270, '1, 0, 0, 0, 0, 0', 1],
  ['[SBX-32]', 'fsopen', 430, 430, '$s, 0', 1],
  ['[SBX-32]', 'move_mount', 429, 429, '-1, $s, -1, $s, 0', 1],
  ['[SBX-32]', 'open_tree_attr', 467, 467, '-100, $s, 0, 0, 0', 1],
  ['[SBX-29]', 'mount', 165, 40, '$s, $s, $s, 0, 0', 1],
  ['[SBX-29]', 'pivot_root', 155, 41, '$s, $s', 1],
  ['[SBX-31]', 'unshare', 272, 97, '0x10000000', 1],
  ['[SBX-31]', 'clone into a new user namespace', 56, 220, '0x10000000, 0, 0, 0, 0', 1],
  ['[SBX-31]', 'clone3', 435, 435, '0, 0', 38],
  ['[SBX-60]', 'typing into a terminal', 16, 29, '0, 0x5412, $s', 1],
  ['[SBX-28]', 'openat2, whose mode no filter reads', 437, 437, '-100, $s, 0, 0', 38],
  ['[SBX-28]', 'io_uring, which opens files past any filter', 425, 425, '1, 0', 38],
  ['[SBX-11]', 'opening a file by its handle', 304, 265, '-100, 0, 0', 1],
  ['[SBX-202]', 'programs for the kernel', 321, 280, '0, 0, 0', 1],
  ['[SBX-202]', 'keys of the machine', 250, 219, '0, 0', 1],
  ['[SBX-202]', 'watching the processor', 298, 241, '0, 0, -1, -1, 0', 1],
  ['[SBX-242]', 'memory without a name', 319, 279, '$s, 0', 38],
  ['[SBX-242]', 'a large segment of shared memory', 29, 194, '0, 1000000, 0600', 22, 38],
  ['[SBX-241]', 'a socket to the machine this one is a guest of', 41, 198, '40, 1, 0', 97, 13],
  ['[SBX-241]', 'a socket to the kernel’s ciphers', 41, 198, '38, 5, 0', 97, 13],
  ['[SBX-41]', 'a packet socket', 41, 198, '17, 3, 0', 97, 13],
  ['[SBX-41]', 'a raw socket', 41, 198, '2, 3, 1', 1, 101],
]

/** System calls as a program of the attacker's own would make them, behind the walls. */
export function describeSystemCalls(
  who: string,
  { owner, reduced = false }: { owner?: number; reduced?: boolean } = {},
): void {
  describe(`system calls, ${who}`, { timeout: 30_000 }, () => {
    let bed: Bed
    let answers: string[]
    beforeAll(async () => {
      bed = await createBed({ owner, reduced })
      const lines = calls.map(([, , x64, arm64, args]) => {
        const number = process.arch === 'arm64' ? arm64 : x64
        return `$! = 0; print syscall(${number}, ${args}) == -1 ? $! + 0 : "done", "\\n";`
      })
      answers = (await bed.run({ argv: ['perl', '-e', ['my $s = "x";', ...lines].join('\n')] })).stdout.split('\n')
    })
    afterAll(() => bed?.remove())

    const expected = calls.map(([rules, name, , , , errno, otherwise = errno], i) => {
      return { rules, name, errno: reduced ? otherwise : errno, i }
    })
    test.each(expected)('$rules refused: $name', ({ errno, i }) => expect(answers[i]).toBe(String(errno)))

    test('[SBX-38] the address that tells a machine in a cloud its secrets is out of reach', async () => {
      const { stderr, exitCode } = await bed.run('exec 9<> /dev/tcp/169.254.169.254/80')
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining('unreachable')])
    })
    test('[SBX-28] a set-uid program of the machine cannot be brought in, nor does one inside gain anything', async () => {
      const ran = await bed.run(
        'su=$(command -v su); cp -p "$su" mine; ln "$su" hard; tar -C / -cpf - "${su#/}" | tar xpf -; find . -perm /6000; grep -E "^(NoNewPrivs|CapEff)" /proc/self/status',
      )
      expect(ran.stdout).toBe('CapEff:\t0000000000000000\nNoNewPrivs:\t1\n')
      expect(existsSync(join(bed.workspace, 'hard'))).toBe(false)
    })
    if (!reduced) testFolders(() => bed)
  })
}

/** `reduced.suite.ts` says what is otherwise where nothing can be mounted. */
function testFolders(bedOf: () => Bed): void {
  test('[SBX-64] [SBX-242] no folder of memory is without bounds', async () => {
    const fill = (path: string) => bedOf().run(`head -c 24M /dev/zero > ${path}`, { limits: { scratchMb: 8 } })
    for (const path of ['/tmp/x', '~/x', '/dev/shm/x']) {
      expect(await fill(path)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('No space left') })
    }
    for (const path of [
      '/dev/x',
      '/run/x',
      '/x',
      '/etc/x',
      '/home/x',
      '/var/x',
      '/proc/x',
      `${bedOf().workspace}/.tandem/x`,
    ]) {
      expect([path, (await fill(path)).exitCode]).toEqual([path, 1])
    }
  })
  test('[SBX-201] what is hidden stays so where its folder is moved, copied or linked', async () => {
    const ran = await bedOf().run(
      'mv packages p2; cat p2/x/.env.local; cp -r p2 p3; cat p3/x/.env.local; ln .env e; cat e; mv .env f; cat f; mv p2 packages',
    )
    expect(ran.stdout).toBe('')
    expect(existsSync(join(bedOf().workspace, 'packages/x/.env.local'))).toBe(true)
  })
}

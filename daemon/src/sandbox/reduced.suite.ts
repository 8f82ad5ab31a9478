import { spawn } from 'node:child_process'
import { chownSync, existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { canary, createBed, type Bed } from './fixture.ts'
import { processTree, signalEach } from './process-tree.ts'

/**
 * What a reduced sandbox does otherwise than a full one, and what it does not hold, each row of the catalogue by its number:
 * what is open is shown to be so, that nobody takes it for closed.
 */
export function describeReduced(who: string, { owner }: { owner?: number } = {}): void {
  describe(`a reduced sandbox, ${who}`, { timeout: 30_000 }, () => {
    let bed: Bed
    beforeAll(async () => (bed = await createBed({ owner, reduced: true })))
    afterAll(() => bed?.remove())
    const inside = (path: string) => join(bed.workspace, path)
    const shows = async (line: string) => {
      const { stdout, stderr } = await bed.run(line)
      return stdout + stderr
    }
    const isRoot = process.getuid?.() === 0 && owner === undefined

    test('[SBX-228] [SBX-368] HOME and TMPDIR are its own, and gone afterwards; /tmp is not there', async () => {
      const ran = await bed.run(
        'echo x > "$TMPDIR/x"; echo y > ~/y; mkdir ~/closed; touch ~/closed/x; chmod 0 ~/closed; head -c 4 /dev/urandom > /dev/null; cat "$TMPDIR/x" ~/y; echo ~; echo z > /tmp/z',
      )
      expect(ran).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/^x\ny\n\/\S+home\n$/) })
      expect(existsSync('/tmp/z')).toBe(false)
      const home = ran.stdout.split('\n')[2] ?? '?'
      expect([existsSync(home), existsSync(join(home, '..'))]).toEqual([false, false])
    })
    test('[SBX-20] what is in programs of the machine cannot be changed', async () => {
      const ran = await bed.run('p=$(command -v node); echo x >> "$p"; touch "$(dirname "$p")/x"; echo x > /usr/bin/x')
      expect(ran.exitCode).not.toBe(0)
      expect(existsSync('/usr/bin/x')).toBe(false)
    })
    test('[SBX-22] [SBX-23] [SBX-25] [SBX-367] what is protected can be changed, and is then set aside', async () => {
      const other = await createBed({ owner, reduced: true })
      const settings = () => existsSync(join(other.workspace, '.vscode/settings.json'))
      const config = join(other.workspace, '.git/config')
      writeFileSync(join(other.workspace, 'tandem.policy.json'), '{}')
      if (owner !== undefined) chownSync(join(other.workspace, 'tandem.policy.json'), owner, owner)
      const harmless = await other.run(
        'git config user.name x; cat .vscode/settings.json tandem.policy.json; git commit -q --allow-empty -m x',
      )
      expect(harmless).toMatchObject({ exitCode: 0 })
      expect(harmless.quarantined).toBe(undefined)
      const ran = await other.run(
        'git config core.fsmonitor ./x; echo x > .vscode/settings.json; echo x > .git/hooks/pre-commit; echo "{ }" > tandem.policy.json',
      )
      expect(ran.quarantined).toMatchObject({
        paths: ['.git/config', '.git/hooks/pre-commit', '.vscode', 'tandem.policy.json'],
        left: [],
      })
      expect([settings(), existsSync(config)]).toEqual([false, false])
      const moved = await other.run('mv .git old; git init -q; git config core.fsmonitor ./x')
      expect(moved.quarantined?.paths).toContain('.git/config')
      other.remove()
    })
    test('[SBX-42] [SBX-43] [SBX-364] no Unix socket can be had, wherever one listens', async () => {
      const path = join(bed.outside, 'daemon.sock')
      const server = createServer((socket) => socket.end(canary))
      await new Promise<void>((resolve) => server.listen(path, resolve))
      const said = await shows(
        `node -e "require('net').connect('${path}').on('data', d => console.log(String(d))).on('error', e => console.log(e.code))"`,
      )
      expect(said).toBe('EACCES\n')
      server.close()
    })
    test('[SBX-364] nor anything that all processes of a user share, nor can others be limited or slowed', async () => {
      const calls = [
        [29, 194, '0, 4096, 01600'], // shmget
        [68, 186, '0, 01600'], // msgget
        [240, 180, '$s, 0x42, 0600, 0'], // mq_open
        [53, 199, '1, 2, 0, $s'], // socketpair for datagrams
        [188, 5, '$s, $s, $s, 1, 0'], // setxattr
        [302, 261, `${process.pid}, 7, 0, 0`], // prlimit64
        [141, 140, `0, ${process.pid}, 5`], // setpriority
        [141, 140, '2, 0, 5'], // of the user
        [203, 122, `${process.pid}, 8, $s`], // sched_setaffinity
      ] as const
      const lines = calls.map(
        ([x64, arm64, args]) =>
          `$! = 0; print syscall(${process.arch === 'arm64' ? arm64 : x64}, ${args}) == -1 ? $! + 0 : "done", " ";`,
      )
      const ran = await bed.run({ argv: ['perl', '-e', ['my $s = "x" x 64;', ...lines].join('\n')] })
      expect(ran.stdout).toBe('38 38 38 13 95 1 1 1 1 ')
    })
    test('[SBX-372] a terminal works, and no other can be reached', async () => {
      const line = `tty; stty size; ls /dev/pts; for t in /dev/pts/* /dev/ptmx; do (exec 9<>"$t") && echo through; done; read -r x; echo "got $x"; sleep 60`
      let shown = ''
      const ran = await bed.runner.runCommand({
        ...{ shellLine: line, cwd: bed.workspace },
        terminal: {
          size: { cols: 91, rows: 17 },
          onOpen: ({ type }) => {
            const told = (text: string) => vi.waitFor(() => expect(shown).toContain(text), { timeout: 15_000 })
            const keys = (text: string) => type(new TextEncoder().encode(text))
            void told('ptmx').then(() => keys('abc\n'))
            void told('got abc').then(() => keys('\x03'))
          },
        },
        onChunk: (_, bytes) => void (shown += bytes.toString()),
      })
      expect(ran).toMatchObject({ exitCode: 130, signal: 'SIGINT' })
      expect(shown).toContain('17 91\r\n')
      expect(shown).not.toContain('through')
    })
    test('[SBX-234] not held: what was set aside is seen, and is not written over all the same', async () => {
      const two = [
        await bed.run('echo one > .envrc', { id: 'same' }),
        await bed.run('echo two > .envrc', { id: 'same' }),
      ]
      expect(two.map(({ quarantined }) => quarantined?.folder)).toEqual([
        '.tandem/quarantine/same',
        '.tandem/quarantine/same-2',
      ])
      expect((await bed.run('cat .tandem/quarantine/same/.envrc')).stdout).toBe('one\n')
    })
    test('[SBX-53] not held: it sees which processes run, and nothing of what is in them', async () => {
      const ran = await bed.run(`tr '\\0' ' ' < /proc/${process.pid}/cmdline; cat /proc/${process.pid}/environ`)
      expect(ran).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('node') })
    })
    test('[SBX-64] [SBX-368] what it puts into its own folders is bounded', async () => {
      const ran = await bed.run('while :; do head -c 4M /dev/zero >> "$TMPDIR/x"; sleep 0.05; done', {
        limits: { scratchMb: 16, wallMs: 20_000 },
      })
      expect(ran).toMatchObject({ reason: 'growth-limit', exitCode: null })
    })
    test('[SBX-76] variables that steer programs are not inherited; one keeps git from what it cannot read', async () => {
      expect(await shows('env | grep -E "^(NODE_OPTIONS|LD_|BASH_ENV|SSH_|GIT_CONFIG)"')).toBe(
        'GIT_CONFIG_NOSYSTEM=1\n',
      )
    })
    test('[SBX-201] not held: files of secrets are seen', async () =>
      expect((await bed.run('cat .env')).stdout).toBe(canary))
    test('[SBX-202] settings of the machine cannot be changed; modes of its owner’s files can, devices of root’s among them', async () => {
      const ran = await bed.run(
        `chmod 666 /dev/null && echo mode; for f in kernel/core_pattern vm/drop_caches; do (exec 9>>/proc/sys/$f) && echo through; done; chmod 640 ${bed.outside}/secret`,
      )
      expect(ran.stdout).toBe(isRoot ? 'mode\n' : '')
      expect(lstatSync(join(bed.outside, 'secret')).mode & 0o777).toBe(0o640)
    })
    test('[SBX-366] a way out that was granted is refused in words, before anything runs', async () => {
      const egress = { open: () => Promise.reject(new Error('not asked')), ports: [], environment: {} }
      await expect(bed.run('touch began', { egress })).rejects.toMatchObject({
        code: 'sandbox-unavailable',
        message: expect.stringContaining('reaches the network'),
      })
      expect(existsSync(inside('began'))).toBe(false)
    })
    test('[SBX-365] nothing of a command survives, whichever of our own processes is killed', async () => {
      for (const which of [0, 1]) {
        const mark = `77${process.pid}${which}`
        const running = bed
          .run(`trap "" TERM HUP; (setsid sh -c 'trap "" TERM; sleep ${mark}' &); setsid sleep ${mark} & sleep ${mark}`)
          .catch((e: unknown) => e)
        await vi.waitFor(() => expect(withArgument(mark)).toHaveLength(3), { timeout: 15_000 })
        // The two of the launcher are what stands above the command.
        const above = launchersOf(withArgument(mark)[0] ?? 0)
        expect(above).toHaveLength(2)
        signalEach([above[which] ?? 0], 'SIGKILL')
        await running
        await vi.waitFor(() => expect(withArgument(mark)).toEqual([]), { timeout: 10_000 })
      }
    })
    test('[SBX-208] [SBX-365] nor the sudden death of the daemon', async () => {
      const mark = `78${process.pid}`
      const script = `
        const { createBed } = await import(${JSON.stringify(import.meta.resolve('./fixture.ts'))})
        const bed = await createBed({ reduced: true, owner: ${owner} })
        await bed.run('trap "" TERM HUP; setsid sleep ${mark} & sleep ${mark}')`
      const daemon = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' })
      await vi.waitFor(() => expect(withArgument(mark)).toHaveLength(2), { timeout: 20_000 })
      daemon.kill('SIGKILL')
      await vi.waitFor(() => expect(withArgument(mark)).toEqual([]), { timeout: 10_000 })
    })
  })
}

/** The processes of the machine with this as their last argument. */
const withArgument = (mark: string): number[] =>
  readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && textOf(pid, 'cmdline').endsWith(`\0${mark}\0`))
    .map(Number)

/** From the outer one on. */
function launchersOf(pid: number): number[] {
  const above: number[] = []
  for (let at = pid; at > 1; at = Number(/^PPid:\t(\d+)/m.exec(textOf(at, 'status'))?.[1] ?? 0))
    if (textOf(at, 'cmdline').startsWith('/usr/bin/perl\0')) above.unshift(at)
  return above.filter((each) => processTree(each).includes(pid))
}

function textOf(pid: number | string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return '' // it ended while we looked
  }
}

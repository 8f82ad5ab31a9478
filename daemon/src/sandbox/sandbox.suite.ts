import { existsSync, lstatSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { connect, createServer, type AddressInfo } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test as always } from 'vitest'
import { canary, createBed, type Bed } from './fixture.ts'
import { startProcesses } from './probe.ts'

/** What a reduced sandbox does otherwise, or does not hold: `reduced.suite.ts` has a test of its own for each. */
const otherwiseReduced = [20, 22, 23, 25, 42, 43, 53, 64, 76, 201, 202, 228].map((row) => `SBX-${row}`)

const elsewhere = () => {}

/**
 * The catalogue of attacks, by number, with ordinary work first: a sandbox in which nothing runs passes every attack.
 * Where bubblewrap is missing the whole suite fails with the command that installs it; it is never skipped.
 */
export function describeSandbox(
  who: string,
  { owner, reduced = false }: { owner?: number; reduced?: boolean } = {},
): void {
  // Generous: these wait for real processes on machines that are busy with other things.
  describe(`the sandbox, ${who}`, { timeout: 30_000 }, () => {
    let bed: Bed
    const isElsewhere = (title: string) => reduced && otherwiseReduced.some((rule) => title.includes(`[${rule}]`))
    const test = (title: string, run: () => Promise<void>) => (isElsewhere(title) ? elsewhere : always)(title, run)
    beforeAll(async () => {
      bed = await createBed({ owner, reduced })
      if (bed.probe.tier !== (reduced ? 'reduced' : 'full')) throw new Error(`${bed.probe.reason}. ${bed.probe.fix}`)
    })
    afterAll(() => bed?.remove())
    const inside = (path: string) => join(bed.workspace, path)
    const shows = async (line: string) => {
      const { stdout, stderr } = await bed.run(line)
      return stdout + stderr
    }

    describe('ordinary work', () => {
      test('[SBX-221] [S133] [S139] a shell line runs, its streams and exit code are kept apart', async () => {
        expect(await bed.run('cat a.txt | tr a-z A-Z; echo oops >&2; exit 3')).toMatchObject({
          stdout: 'HELLO\n',
          stderr: 'oops\n',
          exitCode: 3,
        })
      })
      test('[SBX-222] node runs a script and writes into the folder', async () => {
        const ran = await bed.run({
          argv: [
            'node',
            '-e',
            'require("fs").writeFileSync("made.txt", process.env.NODE_ENV); console.log(process.cwd())',
          ],
        })
        expect(ran).toMatchObject({ exitCode: 0, stdout: `${bed.workspace}\n`, stderr: '' })
        expect(readFileSync(inside('made.txt'), 'utf8')).toBe('development')
      })
      test('[SBX-223] git status and git commit work', async () => {
        expect(
          await bed.run(
            'git status --short && echo two >> a.txt && git commit -qam second && git log --oneline | wc -l',
          ),
        ).toMatchObject({ exitCode: 0, stderr: '' })
        expect(await shows('git log -1 --format=%s')).toBe('second\n')
      })
      test('[SBX-224] npm answers without a network', async () => {
        expect(await bed.run('npm --version')).toMatchObject({
          exitCode: 0,
          stdout: expect.stringMatching(/^\d+\.\d+/),
        })
      })
      test('[SBX-225] npm runs a script of the project', async () => {
        writeFileSync(inside('package.json'), '{"name":"x","scripts":{"hi":"node -p 40+2"}}')
        expect(await bed.run('npm run -s hi')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('42') })
      })
      test('[SBX-226] a program that does not exist fails like in a terminal', async () => {
        expect(await bed.run('no-such-program')).toMatchObject({
          exitCode: 127,
          stderr: expect.stringContaining('not found'),
        })
        expect((await bed.run({ argv: ['no-such-program'] })).exitCode).toBeGreaterThan(0)
      })
      test('[SBX-227] files made belong to the owner of the folder, and cwd may be below it', async () => {
        await bed.run('touch mine', { cwd: inside('packages/x') })
        expect(statSync(inside('packages/x/mine')).uid).toBe(statSync(bed.workspace).uid)
      })
      test('[SBX-228] /tmp, HOME and /dev work', async () => {
        expect(
          await bed.run('set -e; echo x > /tmp/x; echo y > ~/y; head -c 4 /dev/urandom > /dev/null; cat /tmp/x ~/y'),
        ).toMatchObject({ exitCode: 0, stdout: 'x\ny\n' })
      })
      test('[SBX-229] python runs where the machine has one', async () => {
        expect(await shows('command -v python3 >/dev/null || { echo 42; exit; }; python3 -c "print(40+2)"')).toBe(
          '42\n',
        )
      })
      test('[SBX-230] a command that may only look changes nothing', async () => {
        expect((await bed.run('touch looked', { writable: false })).exitCode).not.toBe(0)
        expect(existsSync(inside('looked'))).toBe(false)
      })
    })

    describe('files', () => {
      const unread = (title: string, line: () => string) =>
        test(title, async () => expect(await shows(line())).not.toContain(canary))
      const unwritten = (title: string, line: () => string, path: () => string) =>
        test(title, async () => {
          const before = contentOf(path())
          await bed.run(line())
          expect(contentOf(path())).toBe(before)
        })

      unread('[SBX-1] an absolute path outside cannot be read', () => `cat ${bed.outside}/secret`)
      unread('[SBX-2] ../ leads to nothing', () => 'cat ../outside/secret; ls ..')
      unread('[SBX-3] a sibling folder with the same prefix cannot be read', () => 'cat ../root-evil/secret')
      unwritten(
        '[SBX-4] a sibling folder with the same prefix cannot be written',
        () => 'echo x > ../root-evil/secret',
        () => join(bed.base, 'root-evil/secret'),
      )
      unwritten(
        '[SBX-5] nothing outside can be written',
        () => `echo x > ${bed.outside}/secret`,
        () => join(bed.outside, 'secret'),
      )
      unwritten(
        '[SBX-6] start files of the home cannot be changed',
        () => `echo x >> ${bed.home}/.bashrc`,
        () => join(bed.home, '.bashrc'),
      )
      unread('[SBX-7] SSH keys cannot be read', () => `cat ${bed.home}/.ssh/*; cat ~/.ssh/*`)
      unread('[SBX-8] cloud credentials cannot be read', () => `cat ${bed.home}/.aws/credentials`)
      unread('[SBX-9] a link that leads out is not followed', () => 'cat link-out/secret')
      unwritten(
        '[SBX-10] a link that leads out is not written through',
        () => 'echo x > link-out/secret',
        () => join(bed.outside, 'secret'),
      )
      unread(
        '[SBX-11] a new link that leads out is not followed',
        () => `ln -s ${bed.outside} new-link; cat new-link/secret`,
      )
      test('[SBX-12] no hard link to a file outside can be made', async () => {
        await bed.run(`ln ${bed.outside}/secret hard; ln link-out/secret hard`)
        expect(existsSync(inside('hard'))).toBe(false)
      })
      unread(
        '[SBX-14] /proc/1/root and /proc/self/root show nothing more',
        () => `cat /proc/1/root${bed.outside}/secret /proc/self/root${bed.outside}/secret`,
      )
      unread(
        '[SBX-15] the environment of the daemon cannot be read',
        () => `cat /proc/${process.pid}/environ /proc/1/environ`,
      )
      test('[SBX-17] the temporary folder of the machine is not there', async () => {
        const path = join(tmpdir(), `tandem-secret-${process.pid}`)
        writeFileSync(path, canary)
        expect(await shows(`cat ${path}; cat /tmp/*`)).not.toContain(canary)
        expect(readFileSync(path, 'utf8')).toBe(canary)
        rmSync(path)
      })
      test('[SBX-18] /etc/shadow is not there', async () => expect((await bed.run('cat /etc/shadow')).stdout).toBe(''))
      test('[SBX-19] /etc/machine-id is not there', async () =>
        expect((await bed.run('cat /etc/machine-id')).stdout).toBe(''))
      test('[SBX-20] programs of the machine cannot be changed', async () => {
        expect(
          (await bed.run('p=$(command -v node); touch "$p" || touch "$(dirname "$p")/x" || echo x > /usr/bin/x'))
            .exitCode,
        ).not.toBe(0)
      })
      unwritten(
        '[SBX-21] git hooks cannot be made',
        () => 'echo id > .git/hooks/pre-commit',
        () => inside('.git/hooks/pre-commit'),
      )
      unwritten(
        '[SBX-22] git settings cannot be changed',
        () => 'git config core.fsmonitor ./x; echo x >> .git/config; mv a.txt .git/config',
        () => inside('.git/config'),
      )
      test('[SBX-23] .git cannot be moved away and made anew', async () => {
        const before = lstatSync(inside('.git')).ino
        await bed.run('mv .git old; rm -rf .git; git init -q')
        expect(lstatSync(inside('.git')).ino).toBe(before)
        expect(contentOf(inside('.git/config'))).not.toBe(undefined)
      })
      test('[SBX-207] .git/commondir cannot be made: it would send git outside to settings of the attacker', async () => {
        await bed.run(
          'cp -r .git evil; git -C evil config core.fsmonitor "touch /tmp/pwned"; rm -f .git/commondir; echo ../evil > .git/commondir; mv evil .git/commondir',
        )
        expect(existsSync(inside('.git/commondir'))).toBe(false)
        await bed.run('rm -rf evil')
      })
      unwritten(
        '[SBX-25] editor settings that exist cannot be changed',
        () => 'echo x > .vscode/settings.json; rm -rf .vscode',
        () => inside('.vscode/settings.json'),
      )
      test('[SBX-27] no device can be made', async () => {
        await bed.run('mknod disk b 8 0; mknod mem c 1 1')
        expect([existsSync(inside('disk')), existsSync(inside('mem'))]).toEqual([false, false])
      })
      test('[SBX-28] no set-uid file can be left behind', async () => {
        await bed.run(
          'cp /bin/sh a.suid; chmod 4755 a.suid; chmod u+s a.suid; install -m 4755 /bin/sh b.suid; ' +
            "node -e \"const f=require('fs');try{f.closeSync(f.openSync('c.suid','w',0o4755))}catch{};f.writeFileSync('d.suid','');try{f.fchmodSync(f.openSync('d.suid'),0o4755)}catch{}\"; " +
            'perl -e \'umask 0; syscall(85,"e.suid",04755); syscall(452,-100,"a.suid",04755,0); open F,">f.suid"; chmod 06755,"f.suid"\'; mkdir g.suid; chmod u+s g.suid',
        )
        const left = readdirSync(bed.workspace).filter((name) => name.endsWith('.suid'))
        expect(left).toEqual(expect.arrayContaining(['a.suid', 'd.suid']))
        expect(left.filter((name) => lstatSync(inside(name)).mode & 0o4000)).toEqual([])
      })
      test('[SBX-29] su and mount are refused', async () => {
        expect((await bed.run('su -c id || mount -t tmpfs none /tmp')).exitCode).not.toBe(0)
      })
      test('[SBX-30] read-only stays read-only', async () => {
        expect((await bed.run('mount -o remount,rw /usr || mount -o remount,rw /proc')).exitCode).not.toBe(0)
      })
      test('[SBX-31] no further user namespace can be opened', async () => {
        expect(await bed.run('unshare --user --map-root-user id')).toMatchObject({ stdout: '' })
      })
      test('[SBX-201] files of secrets look empty, examples do not', async () => {
        expect(await bed.run('cat .env packages/x/.env.local; cat .env.example')).toMatchObject({
          exitCode: 0,
          stdout: 'NAME=\n',
        })
        expect(readFileSync(inside('.env'), 'utf8')).toBe(canary)
      })
      test('[SBX-202] devices and settings of the machine cannot be changed, not even by root', async () => {
        const ran = await bed.run(
          'chmod 666 /dev/null && echo through; for f in kernel/core_pattern vm/drop_caches; do (exec 9>>/proc/sys/$f) && echo through; done',
        )
        expect(ran.stdout).toBe('')
      })
    })

    describe('network', () => {
      test('[SBX-34] services on this machine are out of reach', async () => {
        const server = createServer((socket) => socket.end(canary))
        const port = await listen(server)
        expect(await shows(`cat < /dev/tcp/127.0.0.1/${port}; cat < /dev/tcp/localhost/${port}`)).not.toContain(canary)
        server.close()
      })
      test('[SBX-35] [SBX-36] nor by the address of this machine, nor as IPv6', async () => {
        const server = createServer((socket) => socket.end(canary))
        await new Promise<void>((resolve) => server.listen(0, resolve))
        const { port } = server.address() as AddressInfo
        const addresses = Object.values(networkInterfaces())
          .flatMap((all) => all ?? [])
          .map(({ address }) => address)
        const tries = [...addresses, '::ffff:127.0.0.1', '0.0.0.0', 'localhost'].map(
          (address) => `cat < "/dev/tcp/${address}/${port}"`,
        )
        expect(await shows(tries.join('; '))).not.toContain(canary)
        server.close()
      })
      test('[SBX-39] no datagram leaves', async () => {
        const socket = createSocket('udp4')
        let received = 0
        socket.on('message', () => received++)
        await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
        await bed.run(`echo x > /dev/udp/127.0.0.1/${socket.address().port}`)
        expect(received).toBe(0)
        socket.close()
      })
      test('[SBX-40] no name is resolved', async () => {
        expect((await bed.run('getent hosts example.org || getent ahosts example.org')).stdout).toBe('')
      })
      test('[SBX-42] [SBX-43] Unix sockets outside the folder are not there', async () => {
        for (const path of [join(bed.outside, 'daemon.sock'), join(tmpdir(), `tandem-bed-${process.pid}.sock`)]) {
          const server = createServer((socket) => socket.end(canary))
          await new Promise<void>((resolve) => server.listen(path, resolve))
          const said = await shows(
            `ls -la ${path}; node -e "require('net').connect('${path}').on('data', d => console.log(String(d))).on('error', e => console.log(e.code))"`,
          )
          expect(said).not.toContain(canary)
          expect(said).toContain('ENOENT')
          server.close()
        }
      })
      test('[SBX-46] no agent, bus or container socket of the person is there', async () => {
        expect(
          await shows('find /run /var/run -mindepth 1 2>/dev/null; env | grep -E "DBUS|SSH_|DOCKER|XDG_RUNTIME"'),
        ).toBe('')
      })
      test('[SBX-41] raw sockets are refused', async () => {
        expect(await shows(`perl -MSocket -e 'print socket(S, PF_INET, SOCK_RAW, 1) ? "raw" : "no"'`)).toBe('no')
      })
      test('[SBX-44] abstract sockets of this machine are out of reach', async () => {
        const name = `tandem-bed-${process.pid}-${bed.base}`
        const server = createServer((socket) => socket.end(canary))
        await new Promise<void>((resolve) => server.listen(`\0${name}`, resolve))
        expect(
          await shows(
            `node -e "require('net').connect('\\0${name}').on('data', d => console.log(String(d))).on('error', e => console.log(e.code))"`,
          ),
        ).not.toContain(canary)
        server.close()
      })
      test('[SBX-45] a port opened inside is not reachable from outside', async () => {
        const free = createServer()
        const port = await listen(free)
        await new Promise((resolve) => free.close(resolve))
        let reached: Promise<boolean> | undefined
        const onChunk = () => {
          reached ??= new Promise((resolve) =>
            connect(port, '127.0.0.1')
              .on('connect', () => resolve(true))
              .on('error', () => resolve(false)),
          )
        }
        await bed.run(
          `node -e "require('net').createServer().listen(${port}, '0.0.0.0', () => { console.log('up'); setTimeout(() => process.exit(), 300) })"`,
          { onChunk },
        )
        expect(await reached).toBe(false)
      })
      test('[SBX-48] a command that fails for want of the network is recognised', async () => {
        expect(await bed.run('npm install left-pad')).toMatchObject({ networkBlockedHint: true })
        expect(await bed.run('false')).toMatchObject({ networkBlockedHint: false })
      })
    })

    describe('processes', () => {
      test('[SBX-50] the daemon cannot be signalled', async () =>
        expect((await bed.run(`kill -0 ${process.pid}`)).exitCode).not.toBe(0))
      test('[SBX-51] nor any other process of the person', async () => {
        const other = spawn('sleep', ['20'], {
          stdio: 'ignore',
          ...(owner !== undefined && { uid: owner, gid: owner }),
        })
        expect((await bed.run(`kill -9 ${other.pid}`)).exitCode).not.toBe(0)
        expect(other.exitCode ?? other.signalCode).toBe(null)
        other.kill('SIGKILL')
      })
      test('[SBX-52] kill -9 -1 ends only the command itself', async () => {
        const other = bed.run('sleep 0.5; echo alive')
        // Were the walls broken, nothing but this would keep it from everything on the machine.
        await bed.run(`kill -0 ${process.pid} 2>/dev/null || kill -9 -1`)
        expect((await other).stdout).toBe('alive\n')
      })
      test('[SBX-53] only its own processes are seen', async () => {
        expect(Number((await bed.run('ls -d /proc/[0-9]* | wc -l')).stdout)).toBeLessThan(8)
      })
      test('[SBX-55] the number of processes is bounded, per command', async () => {
        const storm = startProcesses(120)
        const limits = { procs: 64, wallMs: 8_000, graceMs: 0 }
        const [one, two] = await Promise.all([bed.run(storm, { limits }), bed.run(storm, { limits })])
        for (const ran of [one, two]) {
          if (ran.reason === 'process-limit') continue
          expect(Number(ran.stdout)).toBeGreaterThan(8)
          expect(Number(ran.stdout)).toBeLessThan(72)
        }
      })
      test('[SBX-56] what a command left in the background is gone when it ends', async () => {
        const mark = `31${process.pid}.5`
        const ran = await bed.run(`setsid sleep ${mark} & (setsid sh -c 'sleep ${mark}' &) ; sleep 0.1; echo done`)
        expect(ran).toMatchObject({ exitCode: 0, stdout: 'done\n' })
        expect(ran.endedAt - ran.startedAt).toBeLessThan(5_000)
        expect(commandLines().filter((line) => line.includes(mark))).toEqual([])
      })
      test('[SBX-58] [S136] a command that ignores the polite signal is ended at its timeout all the same', async () => {
        const ran = await bed.run('trap "" TERM; while :; do sleep 1; done', {
          limits: { wallMs: 1_500, graceMs: 200 },
        })
        expect(ran).toMatchObject({ reason: 'timeout', exitCode: null, signal: 'SIGKILL' })
      })
      test('[SBX-59] limits cannot be raised again', async () => {
        expect((await bed.run('ulimit -Hf unlimited || prlimit --fsize=unlimited --pid $$')).exitCode).not.toBe(0)
      })
      test('[SBX-61] cancelling asks politely first, so that a command may tidy up', async () => {
        const stop = new AbortController()
        let stdout = ''
        const onChunk = (_: string, bytes: Buffer) => {
          stdout += bytes.toString()
          stop.abort()
        }
        const ran = await bed.run('trap "echo tidy; exit 0" TERM; echo up; while :; do sleep 0.05; done', {
          signal: stop.signal,
          onChunk,
        })
        expect(ran).toMatchObject({ reason: 'cancelled', exitCode: null })
        expect(stdout).toContain('tidy\n')
      })
    })

    describe('resources', () => {
      test('[SBX-62] a command that eats memory is ended', async () => {
        const ran = await bed.run(
          {
            argv: [
              'node',
              '-e',
              'const a=[];const t=setInterval(()=>a.push(Buffer.alloc(2**24,1)),5);setTimeout(()=>clearInterval(t),5000)',
            ],
          },
          { limits: { memMb: 256 } },
        )
        expect(ran).toMatchObject({ reason: 'memory-limit', exitCode: null })
      })
      test('[SBX-63] a heap that grows without end is ended', async () => {
        const ran = await bed.run(
          { argv: ['node', '-e', 'const a=[];for(;;)a.push(new Array(1e5).fill(a.length))'] },
          { limits: { memMb: 256 } },
        )
        expect(ran).toMatchObject({ reason: 'memory-limit', exitCode: null })
      })
      test('[SBX-64] /tmp is bounded', async () => {
        expect(await bed.run('head -c 40M /dev/zero > /tmp/x', { limits: { scratchMb: 16 } })).toMatchObject({
          exitCode: 1,
          stderr: expect.stringContaining('No space left'),
        })
      })
      test('[SBX-65] the size of a file is bounded', async () => {
        await bed.run('head -c 4M /dev/zero > big', { limits: { fileMb: 1 } })
        expect(statSync(inside('big')).size).toBe(1_048_576)
      })
      test('[SBX-67] [S137] endless output ends the command, and no more than the limit is handed on', async () => {
        const ran = await bed.run('yes', { limits: { outputKb: 512 } })
        expect(ran).toMatchObject({ reason: 'output-limit' })
        expect(ran.stdout.length).toBeLessThanOrEqual(512 * 1024)
      })
      test('[SBX-68] a line without end is capped like any other output', async () => {
        const ran = await bed.run('head -c 50M /dev/zero | tr "\\0" a', { limits: { outputKb: 512 } })
        expect(ran.reason).toBe('output-limit')
        expect(ran.stdout.length).toBeLessThanOrEqual(512 * 1024)
      })
      test('[SBX-69] a busy loop is ended at its timeout', async () => {
        expect(await bed.run('while :; do :; done', { limits: { wallMs: 200, graceMs: 100 } })).toMatchObject({
          reason: 'timeout',
          exitCode: null,
        })
      })
      test('[SBX-209] a slow reader makes the command wait', async () => {
        let calls = 0
        let release: () => void = () => {}
        const gate = new Promise<void>((resolve) => (release = resolve))
        const onChunk = () => (++calls === 1 ? gate : undefined)
        const running = bed.run('head -c 4M /dev/zero; echo end >&2; touch written-all', { onChunk })
        await bed.run('sleep 0.2')
        expect(existsSync(inside('written-all'))).toBe(false)
        release()
        expect((await running).exitCode).toBe(0)
        expect(existsSync(inside('written-all'))).toBe(true)
      })
      test('[SBX-70] reading the input meets its end at once', async () =>
        expect(await bed.run('cat; echo after')).toMatchObject({ stdout: 'after\n', exitCode: 0 }))
      test('[SBX-71] [S136] a silent command is ended at its timeout', async () => {
        const ran = await bed.run('sleep 60', { limits: { wallMs: 200 } })
        expect(ran).toMatchObject({ reason: 'timeout', exitCode: null })
      })
    })

    describe('environment', () => {
      test('[SBX-72] nothing of the daemon’s environment is passed on', async () =>
        expect(await shows('env; export')).not.toContain(canary))
      test('[SBX-73] nor to be found in what stands around the command', async () => {
        expect(await shows('cat /proc/*/environ | tr "\\0" "\\n"; cat /proc/*/cmdline | tr "\\0" "\\n"')).not.toContain(
          canary,
        )
      })
      test('[SBX-74] registry tokens and git settings of the person are absent', async () => {
        expect(
          await shows(
            `cat ~/.npmrc ${bed.home}/.npmrc; npm config ls -l 2>/dev/null | grep -i token; git config --get credential.helper`,
          ),
        ).not.toContain(canary)
      })
      test('[SBX-76] variables that steer programs are not inherited', async () => {
        expect(await shows('env | grep -E "^(NODE_OPTIONS|LD_|BASH_ENV|SSH_|GIT_CONFIG)"')).toBe('')
      })
    })

    test('a working folder outside is refused', async () => {
      for (const cwd of [bed.outside, join(bed.base, 'root-evil'), inside('link-out'), inside('..')]) {
        await expect(bed.run('true', { cwd })).rejects.toMatchObject({ code: 'path-outside-workspace' })
      }
      await expect(bed.run('true', { cwd: inside('nowhere') })).rejects.toMatchObject({ code: 'not-found' })
    })
  })
}

const contentOf = (path: string): string | undefined => (existsSync(path) ? readFileSync(path, 'utf8') : undefined)

const listen = (server: ReturnType<typeof createServer>): Promise<number> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))

/** Of every process of the machine. */
function commandLines(): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) ? [readFileSync(`/proc/${pid}/cmdline`, 'latin1')] : []
    } catch {
      return [] // it ended while we looked
    }
  })
}

import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { createId } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Command } from '../sandbox/command.ts'
import type { Containers } from './containers.ts'
import { createBed, type Bed, type Engine } from './fixture.ts'

/** What containers keep, whatever engine runs them. */
export function describeContainers(how: string, openEngine: () => Engine): void {
  describe(`containers by ${how}`, () => {
    let [engine, bed]: [Engine?, Bed?] = []
    const stops: AbortController[] = []
    beforeAll(() => {
      engine = openEngine()
      bed = createBed(engine)
    })
    afterEach(async () => {
      for (const stop of stops.splice(0)) stop.abort()
      await vi.waitFor(async () => expect(await bed?.names()).toEqual([]), { timeout: 20_000 })
    })
    afterAll(() => [bed, engine].forEach((each) => each?.remove()))

    const at = (name: string) => join((bed as Bed).workspace, name)
    const open = (options: Parameters<Bed['open']>[0] = {}) => {
      const stop = new AbortController()
      stops.push(stop)
      return { containers: (bed as Bed).open({ signal: stop.signal, ...options }), stop: () => stop.abort() }
    }
    const run = async (
      shellLine: string,
      { session, containers, ...more }: Partial<Command> & { session?: string; containers?: Containers } = {},
    ) => {
      const said = { stdout: '', stderr: '' }
      const runner = (containers ?? open().containers).runnerFor(session)
      const onChunk: Command['onChunk'] = (stream, bytes) => void (said[stream] += bytes.toString())
      const result = await runner.runCommand({ shellLine, cwd: (bed as Bed).workspace, onChunk, ...more })
      return { ...result, ...said }
    }

    test('[S171] [SBX-380] streams and exit codes are kept apart, and what is made belongs to the folder’s owner', async () => {
      const ran = await run('echo one; echo two >&2; echo made > made; pwd; exit 3')
      expect(ran).toMatchObject({ exitCode: 3, stdout: `one\n${bed?.workspace}\n`, stderr: 'two\n' })
      expect(readFileSync(at('made'), 'utf8')).toBe('made\n')
      expect(statSync(at('made')).uid).toBe(bed?.machine.identity.uid)
    })

    test('[SBX-381] what is hidden, protected, outside or of the daemon is so in a container too', async () => {
      const lines = [
        'cat .env .tandem/* 2>/dev/null',
        'echo x > .vscode/settings.json',
        'echo x > .git/hooks/one',
        'echo x > .git/config',
        'echo x > /usr/x',
        'mv .git moved',
        'id -u',
        'env | while read -r line; do case $line in *CANARY*) echo "$line";; esac; done',
        'cat < /dev/tcp/127.0.0.1/1',
      ]
      const { stdout } = await run(`(${lines.join('\n')}) 2>/dev/null; echo alive`)
      expect(stdout).toBe(`${bed?.machine.identity.uid}\nalive\n`)
      expect([existsSync(at('moved')), readFileSync(at('.vscode/settings.json'), 'utf8')]).toEqual([false, '{}'])
    })

    test('[SBX-381] what may only look changes nothing, and what it would leave for others to run is set aside', async () => {
      expect(await run('echo x > looked', { writable: false })).toMatchObject({ exitCode: expect.any(Number) })
      expect(existsSync(at('looked'))).toBe(false)
      const { quarantined } = await run('echo x > .envrc')
      expect(quarantined?.paths).toEqual(['.envrc'])
      expect(existsSync(at('.envrc'))).toBe(false)
      rmSync(at('.tandem/quarantine'), { recursive: true })
    })

    test('[S172] [SBX-382] executions of a session share a container, others never; it is made anew where it would not fit', async () => {
      const { containers } = open()
      const mark = (session?: string) =>
        run('cat /tmp/mark 2>/dev/null || echo none; echo marked > /tmp/mark', {
          containers,
          ...(session && { session }),
        })
      expect((await mark('a')).stdout).toBe('none\n')
      expect((await mark('a')).stdout).toBe('marked\n')
      expect((await mark('b')).stdout).toBe('none\n')
      expect((await mark()).stdout).toBe('none\n')
      expect(await bed?.names()).toHaveLength(2)
      // Written anew it is another file, and what covered the first would not cover it.
      rmSync(at('.env'))
      writeFileSync(at('.env'), 'CANARY')
      const again = await run('cat .env; cat /tmp/mark', { containers, session: 'a' })
      expect(again).toMatchObject({ stdout: '', exitCode: 1 })
    })

    test('[S172] [SBX-382] one in which something was left, or that was ended by force, is not used again', async () => {
      const { containers } = open()
      const session = 'a'
      await run('setsid sleep 1000 > /dev/null 2>&1 < /dev/null & echo x > /tmp/mark', { containers, session })
      expect(await bed?.names()).toEqual([])
      const ended = await run('echo x > /tmp/mark; sleep 1000', { containers, session, limits: { wallMs: 300 } })
      expect(ended).toMatchObject({ reason: 'timeout', exitCode: null })
      expect(await run('cat /tmp/mark', { containers, session })).toMatchObject({ stdout: '', exitCode: 1 })
    })

    test('[S172] [SBX-383] one that nobody uses is removed after five minutes, and all with their daemon', async () => {
      const clock = fakeClock()
      const { containers, stop } = open({ clock })
      await run('true', { containers, session: 'a' })
      clock.advance(299_000)
      await run('true', { containers, session: 'b' })
      expect(await bed?.names()).toHaveLength(2)
      clock.advance(1_000)
      await vi.waitFor(async () => expect(await bed?.names()).toHaveLength(1), { timeout: 20_000 })
      stop()
      await vi.waitFor(async () => expect(await bed?.names()).toEqual([]), { timeout: 20_000 })
    })

    test('[S172] [SBX-384] what a killed daemon left is removed at the next start: of this folder alone', async () => {
      const bootId = createId()
      const [dead, other, mine] = [open(), { containers: createOther() }, open({ bootId })]
      for (const { containers } of [dead, other, mine]) await run('true', { containers, session: 'a' })
      expect(await bed?.names()).toHaveLength(3)
      await open({ bootId }).containers.sweep()
      const left = await bed?.names()
      expect(left).toHaveLength(2)
      expect(left?.filter((name) => name.includes(bootId.toLowerCase()))).toHaveLength(1)
    })
    /** As of another folder. */
    const createOther = () => {
      const another = createBed(engine as Engine)
      const stop = new AbortController()
      stops.push(stop)
      stop.signal.addEventListener('abort', () => another.remove())
      const { runnerFor, sweep } = another.open({ signal: stop.signal })
      return {
        runnerFor: (session?: string) => ({
          tier: runnerFor(session).tier,
          runCommand: (command: Command) => runnerFor(session).runCommand({ ...command, cwd: another.workspace }),
        }),
        sweep,
      }
    }

    test('[SBX-383] where the daemon dies, or its watchdog ends the command, the container goes with all in it', async () => {
      let ended = 0
      const running = run('echo begun > begun; sleep 1000', {
        onStarted: (pid) => {
          const waiting = setInterval(() => {
            if (!existsSync(at('begun'))) return
            clearInterval(waiting)
            process.kill(-pid, 'SIGKILL')
          }, 20)
          return () => void ended++
        },
      })
      expect(await running).toMatchObject({ exitCode: null, signal: 'SIGKILL' })
      expect(ended).toBe(1)
      await vi.waitFor(async () => expect(await bed?.names()).toEqual([]), { timeout: 20_000 })
    })

    test('[SBX-380] a command is spoken with over a channel both ways, while it writes', async () => {
      const heard: string[] = []
      const channel = (stream: Duplex) => {
        stream.setEncoding('utf8').on('data', (text: string) => heard.push(text))
        stream.write('question\n')
      }
      const line = 'read -r asked <&"$TANDEM_CHANNEL"; echo "$asked?" >&"$TANDEM_CHANNEL"; echo done'
      const ran = await run('', { argv: ['bash', '-c', line], channel } as Partial<Command>)
      expect([ran.stdout, heard.join('')]).toEqual(['done\n', 'question?\n'])
    })

    test('[SBX-380] what cannot be had in a container is refused in words', async () => {
      const egress = { open: async () => async () => {}, ports: [], environment: {} }
      await expect(run('true', { egress })).rejects.toThrow(/no terminal and no network/)
      await expect(run('true', { cwd: '/usr' })).rejects.toMatchObject({ code: 'path-outside-workspace' })
      expect(await run('nothing-of-that-name')).toMatchObject({ exitCode: 127 })
      // What stands between may be killed by what it has started, and gives no code then.
      expect(await run('echo said; kill -9 $PPID; sleep 1000')).toMatchObject({ exitCode: null, signal: 'SIGKILL' })
    })
  })
}

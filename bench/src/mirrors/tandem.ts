import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createApiKey } from '@tandem/server'
import { end, freePort, treeOf, type Peer } from './peer.ts'

const cli = fileURLToPath(new URL('../../../cli/src/main.ts', import.meta.url))

/** Ours, as people start it: `tandem up` on the one folder, and `tandem daemon` on the other. */
export const tandem: Peer = {
  name: 'Tandem',
  needs: [],
  restMs: 350,
  start: async ({ near, far, scratch }) => {
    const [port, key] = [await freePort(), createApiKey()]
    const dataDir = join(scratch, 'near')
    mkdirSync(dataDir)
    // Known before the server is there, so that both sides start at the same moment.
    writeFileSync(join(dataDir, 'owner.key'), `${key}\n`, { mode: 0o600 })
    const up = run(['up', near, '--data', dataDir, '--port', String(port), '--no-open'])
    const daemon = run(['daemon', far, '--data', join(scratch, 'far'), '--server', `http://127.0.0.1:${port}`], {
      TANDEM_TOKEN: key,
    })
    return {
      pids: () => [up, daemon].flatMap(treeOf),
      shared: once(createInterface({ input: up.stdout }), 'line').then(() => performance.now()),
      stop: async () => {
        await end(daemon)
        await end(up)
      },
    }
  },
}

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  spawn(process.execPath, [cli, ...args, '--json', '--shared', '--unsafe-no-sandbox', '--log-level', 'error'], {
    env: { ...process.env, ...env, TANDEM_REQUESTS_PER_MINUTE: '1000000' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })

import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { childEnv, quietly } from './child.mjs'
import { hashOf, readStamp } from './hash.mjs'
import { step } from './say.mjs'

/** Builds the browser's side with Vite when its sources changed since the last build. */
export async function buildClient(root, node) {
  const dist = join(root, 'client', 'dist')
  const stamp = join(dist, '.sources') // inside: a build empties the folder first, so a failed one leaves no stamp
  const wanted = hashOf(root, ['client', 'shared', 'pnpm-lock.yaml'])
  if (readStamp(stamp) === wanted && existsSync(join(dist, 'index.html'))) return
  await step('Building the client', async () => {
    await quietly(node, [join(root, 'client/node_modules/vite/bin/vite.js'), 'build'], {
      env: { ...childEnv(node), NODE_ENV: 'production' },
      cwd: join(root, 'client'),
    })
  })
  writeFileSync(stamp, wanted)
}

// `pnpm test:long [NAME...] [--seed=N]`: runs the long suites and writes a proof for each that held.
import { parseArgs } from 'node:util'
import { createLog } from '@tandem/shared'
import type { LongSuite } from '@tandem/shared/testing'
import { hashSources, longSuites, writeProof } from './proofs.ts'
import { abortOnSignals, root } from './stage.ts'

const { values, positionals } = parseArgs({ options: { seed: { type: 'string' } }, allowPositionals: true })
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
const signal = abortOnSignals()
const say = (line: string) => process.stdout.write(`${line}\n`)
const log = createLog({ level: 'info', write: say })

const files = longSuites(root)
const unknown = positionals.filter((name) => !files.has(name))
if (unknown.length > 0)
  throw new Error(`No such long suite: ${unknown.join(', ')}. There are: ${[...files.keys()].join(', ')}`)

for (const name of positionals.length > 0 ? positionals : files.keys()) {
  if (signal.aborted) break
  const suite = await load(name)
  // Hashed before it runs: an edit made meanwhile is not proven.
  const sourcesHash = hashSources(root, suite.covers)
  const startedAt = Date.now()
  say(`${name}: seed ${seed}`)
  try {
    const counts = await suite.run({ seed, log: log.with({ suite: name }), signal })
    if (signal.aborted) break
    const durationMs = Date.now() - startedAt
    writeProof(root, {
      name,
      covers: [...suite.covers],
      sourcesHash,
      seed,
      counts,
      durationMs,
      at: new Date().toISOString(),
    })
    say(`${name}: held, ${JSON.stringify(counts)}, ${(durationMs / 1000).toFixed(0)} s`)
  } catch (error) {
    process.exitCode = 1
    say(
      `${name}: BROKEN with seed ${seed}. Make it a fast test.\n${error instanceof Error ? error.stack : String(error)}`,
    )
  }
}

async function load(name: string): Promise<LongSuite> {
  const { default: suite } = (await import(files.get(name) ?? name)) as { default?: LongSuite }
  if (suite?.name !== name) throw new Error(`${name}.long.ts must export a default suite with this very name.`)
  return suite
}

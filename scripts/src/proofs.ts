import { createHash } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'

const Proof = z.object({
  name: z.string(),
  covers: z.array(z.string()),
  sourcesHash: z.string(),
  seed: z.number(),
  counts: z.record(z.string(), z.number()),
  durationMs: z.number(),
  at: z.string(),
})
export type Proof = z.infer<typeof Proof>

/** One hash over names and contents of the files that the globs name. */
export function hashSources(root: string, covers: readonly string[]) {
  const hash = createHash('sha256')
  const files = new Set(covers.flatMap((glob) => globSync(glob, { cwd: root, exclude: ['**/node_modules/**'] })))
  for (const file of [...files].toSorted()) {
    hash.update(`\0${file}\0`).update(readFileSync(join(root, file)))
  }
  return hash.digest('hex')
}

export function writeProof(root: string, proof: Proof) {
  const folder = join(root, 'docs/proof')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${proof.name}.json`), `${JSON.stringify(proof, undefined, 2)}\n`)
}

/** The files of the long suites, by name. */
export function longSuites(root: string) {
  const files = globSync('*/src/**/*.long.ts', { cwd: root, exclude: ['**/node_modules/**'] }).toSorted()
  return new Map(files.map((file) => [basename(file, '.long.ts'), join(root, file)]))
}

/** How each proof stands: `current`, `STALE` when covered sources changed since, or `never run`. */
export function proofStates(root: string): { name: string; state: string }[] {
  const proofs = readProofs(root)
  const names = new Set([...longSuites(root).keys(), ...proofs.keys()])
  return [...names].toSorted().map((name) => {
    const proof = proofs.get(name)
    if (!proof) return { name, state: 'never run' }
    const fresh = hashSources(root, proof.covers) === proof.sourcesHash
    return { name, state: `${fresh ? 'current' : 'STALE'} (${proof.at.slice(0, 10)}, seed ${proof.seed})` }
  })
}

function readProofs(root: string) {
  const files = globSync('docs/proof/*.json', { cwd: root })
  return new Map(
    files.map((file) => [basename(file, '.json'), Proof.parse(JSON.parse(readFileSync(join(root, file), 'utf8')))]),
  )
}

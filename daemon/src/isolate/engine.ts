import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Cell, StartCell } from '../sandbox/cell.ts'
import type { Guest } from './hear.ts'
import { quickJsProgram } from './guest/quickjs.ts'
import type { IsolateLimits } from '../sandbox/isolate-limits.ts'

/** Where its files are, inside. */
const root = '/isolate'
/** What the process takes besides what the engine may hold: its own heap, and the engine's code. */
export const ownMemoryMb = 160

/**
 * Starts the process that runs a snippet, in a cell of its own: Node, the engine and its program, handed in as copies, so
 * that nothing of ours needs to be readable by whoever it runs as.
 */
export function startsQuickJs(startCell: StartCell, { cpuMs }: Pick<IsolateLimits, 'cpuMs'>): () => Guest {
  const main = fileURLToPath(import.meta.resolve('quickjs-wasi'))
  const parts = ['index.js', 'wasi-shim.js', 'extensions.js', 'version.js']
  const files = {
    ...Object.fromEntries(parts.map((name) => [`${root}/engine/${name}`, readFileSync(join(dirname(main), name))])),
    [`${root}/engine/package.json`]: '{"type":"module"}',
    [`${root}/quickjs.wasm`]: readFileSync(fileURLToPath(import.meta.resolve('quickjs-wasi/quickjs.wasm'))),
    [`${root}/guest.mjs`]: quickJsProgram(),
  }
  const argv = [
    process.execPath,
    '--no-warnings',
    `--max-old-space-size=${ownMemoryMb / 2}`,
    '--disallow-code-generation-from-strings',
    // Ten times the usual: to optimise the engine takes 100 ms of processor time, which few snippets live long enough to win back.
    '--wasm-tiering-budget=130000000',
    `${root}/guest.mjs`,
    `${root}/engine/index.js`,
    `${root}/quickjs.wasm`,
  ] as const
  // What the process itself needs to start is not the snippet's.
  const cpuSeconds = Math.ceil(cpuMs / 1_000) + 5
  return () => guestOf(startCell({ argv, files, cpuSeconds, procs: 64 }))
}

const guestOf = ({ pid, stdin, stdout, stderr, memory, kill, exit }: Cell): Guest => ({
  pid,
  input: stdin,
  output: stdout,
  errors: stderr,
  memory,
  kill,
  exit,
})

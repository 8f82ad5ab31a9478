import type { Snippet } from '@tandem/shared'
import type { IsolateLimits } from '../sandbox/isolate-limits.ts'

/** What an isolate does not have, and Node does: names that stand for themselves. */
const nodeGlobals =
  /(?<![\w$.'"`/])(process|Buffer|require|__dirname|__filename|setInterval|fetch|WebSocket|Worker|structuredClone|TextEncoder|TextDecoder|URL|URLSearchParams|crypto|AbortController)\s*[.(]/
/** Specifiers of imports and exports, and of `import()` with words in it. */
const imports = /(?:\bfrom|\bimport)\s*\(?\s*(['"])([^'"\n]{1,300})\1/g

/**
 * Decides what runs a snippet [S170]: the isolate, unless it imports what an isolate does not have, uses what only Node has, or
 * asks for more time or memory. It looks at words alone: who is wrong in favour of Node has the same contract, and the
 * same walls as every command; an isolate says itself what it does not have.
 */
export function plan(
  { code, modules = {}, memMb = 0, runner }: Snippet,
  timeoutMs: number,
  limits: IsolateLimits,
): NonNullable<Snippet['runner']> {
  if (runner !== undefined) return runner
  if (timeoutMs > limits.wallMs || memMb > limits.memMb) return 'node'
  const needsNode = [code, ...Object.values(modules)].map(withoutComments).some((text) => {
    const imported = [...text.matchAll(imports)].some(([, , name = '']) => !/^\.{1,2}\//.test(name))
    const [, global] = nodeGlobals.exec(text) ?? []
    return (
      imported ||
      (global !== undefined && !new RegExp(`\\b(?:const|let|var|function|class)\\s+${global}\\b`).test(text))
    )
  })
  return needsNode ? 'node' : 'isolate'
}

/** As far as one can tell without parsing: what stands in a string may go too. */
const withoutComments = (text: string): string => text.replaceAll(/\/\*[^]*?\*\/|(?<!:)\/\/.*$/gm, ' ')

import { z } from 'zod'
import { defineTool } from './define.ts'
import type { CallContext, ToolResult } from '../loop/tool.ts'

/** How a line ended, and what came out of it. */
export type Ran = {
  readonly state: 'completed' | 'failed' | 'timed_out' | 'cancelled'
  readonly exitCode?: number | null | undefined
  readonly error?: string | undefined
  readonly output: string
  /** For people: what was set aside, how far the walls held. */
  readonly details?: ToolResult['details']
}

const defaultMs = 120_000
const maxMs = 20 * 60_000

/** `runLine` runs lines in the run's own shell; it is not called twice for one call, whoever goes on with the run. */
export const bashTool = (runLine: (script: string, timeoutMs: number, context: CallContext) => Promise<Ran>) =>
  defineTool({
    name: 'bash',
    description:
      'Runs lines in a shell over the workspace, which is in /workspace. Its folder and variables stay from call to call. git, npm, node and other programs run in the sandbox, by the policy of this machine. What they change is there for the other tools afterwards, and what you edited is there for them.',
    input: z.object({
      script: z.string().min(1).max(100_000),
      timeoutMs: z.int().min(100).max(maxMs).default(defaultMs),
    }),
    risk: 'run',
    run: async ({ script, timeoutMs }, context) => {
      const { state, exitCode, error, output, details } = await runLine(script, timeoutMs, context)
      const isDone = state === 'completed'
      const end = isDone ? '' : `(${error ?? `it ended as ${state}`})`
      const text = [output, end].filter((part) => part !== '').join('\n') || '(no output)'
      return { text, isError: !isDone, details: { exitCode: exitCode ?? null, state, ...(details as object) } }
    },
  })

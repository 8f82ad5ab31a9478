import type { z } from 'zod'
import type { CallContext, Json, Tool, ToolResult } from '../loop/tool.ts'

/** What a tool may do, for whoever decides about its calls; each tool has one, whoever calls it. */
export type Risk = 'read' | 'edit' | 'run' | 'network'
export type ProjectTool = Tool & { readonly risk: Risk }

type Definition<S extends z.ZodType> = {
  name: string
  description: string
  input: S
  risk: Risk
  run(input: z.output<S>, context: CallContext): Promise<ToolResult>
  recall?(
    input: z.output<S>,
    note: Json | undefined,
    context: CallContext,
  ): Promise<ToolResult | 'not-done' | 'unknown'>
}

/** One definition for all who call tools: what it is given is parsed before it does anything. */
export function defineTool<S extends z.ZodType>({ input, risk, run, recall, ...rest }: Definition<S>): ProjectTool {
  return {
    ...rest,
    input,
    risk,
    // What only comes in is fetched again.
    isRead: risk === 'read' || risk === 'network',
    run: async (raw, context) => run(input.parse(raw), context),
    ...(recall && { recall: async (raw, note, context) => recall(input.parse(raw), note, context) }),
  }
}

export const failed = (text: string): ToolResult => ({ text, isError: true })

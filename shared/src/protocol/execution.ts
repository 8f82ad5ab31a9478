import { z } from 'zod'
import { isTandemError, messageOf } from '../base/errors.ts'

/** What a snippet may be given to call, each by its own name in `env` [S160]. */
export const bindingNames = ['FS', 'BASH', 'FETCH', 'ECHO'] as const
export const BindingName = z.enum(bindingNames)
export type BindingName = z.infer<typeof BindingName>

/** How much a snippet and its modules may hold together, characters. */
const maxCode = 1_000_000
/** A module's name is a path below the snippet's own, as `./lib/sum.ts` imports it: `lib/sum.ts`. */
const ModuleName = z
  .string()
  .regex(/^[\w@][\w@.-]*(?:\/[\w@][\w@.-]*)*$/, 'a path of ordinary names, such as lib/sum.ts')

export const SessionName = z.string().min(1).max(100)

/** Code to be run, and what it may have [S147] [S152]. */
export const Snippet = z.object({
  language: z.enum(['javascript', 'typescript']).default('javascript'),
  /** `export default async (env) => …` [S154]; a default that is no function is the result itself. */
  code: z.string().max(maxCode),
  /** Further modules by their names, for relative imports. */
  modules: z
    .record(ModuleName.max(200), z.string().max(maxCode))
    .refine((all) => Object.keys(all).length <= 100, { message: 'at most 100 modules' })
    .optional(),
  /** Which of the bindings it gets; all there are where nothing is said. */
  bindings: z.array(BindingName).max(bindingNames.length).optional(),
  /** Executions that say the same have their scratch files and their shell together [S162] [S216] [S221]. */
  session: SessionName.optional(),
  /** More than an isolate has makes it run as Node in the sandbox [S170]. */
  memMb: z.int().min(16).max(4_096).optional(),
  /** What is to run it; where nothing is said, what fits. */
  runner: z.enum(['isolate', 'node', 'container']).optional(),
})
export type Snippet = z.infer<typeof Snippet>

/** Why code failed [S168]. */
export const ErrorCategory = z.enum(['syntax', 'runtime', 'timeout', 'memory', 'cancelled', 'denied', 'unknown'])
export type ErrorCategory = z.infer<typeof ErrorCategory>

/** One error, placed in the source as it was given [S164]. */
export const ExecutionError = z.object({
  category: ErrorCategory,
  /** Such as `TypeError`. */
  name: z.string().max(100).optional(),
  message: z.string().max(2_000),
  /** The name of the module; `main` is the snippet itself. */
  module: z.string().max(200).optional(),
  line: z.int().positive().optional(),
  column: z.int().positive().optional(),
})
export type ExecutionError = z.infer<typeof ExecutionError>

export const ConsoleLevel = z.enum(['debug', 'log', 'info', 'warn', 'error'])
export type ConsoleLevel = z.infer<typeof ConsoleLevel>

/** What came of one execution [S158]. */
export const ExecutionResult = z.object({
  /** Of this execution alone [S155]. */
  id: z.uuid(),
  success: z.boolean(),
  /** What ran it: the isolate, Node in the sandbox or in a container [S171], or a command in the sandbox. */
  ranIn: z.enum(['isolate', 'node', 'container', 'command']),
  /** All that it wrote, as far as it is kept. */
  output: z.string(),
  /** What it wrote to the console, by level [S149]. */
  logs: z.array(z.object({ level: ConsoleLevel, text: z.string() })),
  errors: z.array(ExecutionError).max(10),
  /** What its default export gave [S150], the text of JSON; absent where it failed. */
  result: z.string().optional(),
  /** Not all of its output is here: the task's log has more. */
  truncated: z.boolean().optional(),
})
export type ExecutionResult = z.infer<typeof ExecutionResult>

/** An error in one line, as a person reads it [S169]: `main:3:7: TypeError: x is not a function`. */
export function formatError({ category, name, message, module, line, column }: ExecutionError): string {
  const place = module === undefined ? '' : `${[module, line, column].filter((part) => part !== undefined).join(':')}: `
  const kind = name ?? (category === 'runtime' || category === 'unknown' ? undefined : category)
  return `${place}${kind === undefined || message.startsWith(kind) ? '' : `${kind}: `}${message}`
}

/** Which kind of failure an error of an engine, of Node or of ours is [S168] [S169]. */
export function categorizeError(e: unknown): ErrorCategory {
  if (isTandemError(e)) return categoryByCode[e.code] ?? 'unknown'
  const name = e instanceof Error || (typeof e === 'object' && e !== null && 'name' in e) ? String(e.name) : ''
  const message = typeof e === 'object' && e !== null && 'message' in e ? String(e.message) : messageOf(e)
  if (name === 'SyntaxError') return 'syntax'
  if (name === 'AbortError') return 'cancelled'
  if (name === 'TimeoutError' || (name === 'InternalError' && message === 'interrupted')) return 'timeout'
  if (
    /out of memory|array buffer allocation failed|string too long|too large to allocate|invalid (?:array|string) length/i.test(
      message,
    )
  )
    return 'memory'
  return e instanceof Error || name.endsWith('Error') ? 'runtime' : 'unknown'
}

/** Codes of ours, of an error or of a task's result. */
const categoryByCode: Readonly<Record<string, ErrorCategory>> = {
  timeout: 'timeout',
  'memory-limit': 'memory',
  cancelled: 'cancelled',
  forbidden: 'denied',
  'command-denied': 'denied',
  'path-outside-workspace': 'denied',
  'path-protected': 'denied',
  'sandbox-unavailable': 'denied',
}
/** As `categorizeError`, for the code that a task ended with; none is an ordinary failure. */
export const categoryOf = (code: string | undefined): ErrorCategory =>
  code === undefined ? 'runtime' : (categoryByCode[code] ?? 'unknown')

import type { z } from 'zod'
import { TandemError } from '../base/errors.ts'

/** What is to be written, as everybody will read it; throws `validation-failed` for what nobody could read. */
export function checked<S extends z.ZodType>(schema: S, raw: z.input<S>, what: string): z.output<S> {
  const parsed = schema.safeParse(raw)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new TandemError('validation-failed', {
    reason: `this ${what} cannot be kept: ${issue?.message ?? 'it does not parse'}`,
    ...(issue && issue.path.length > 0 && { field: issue.path.join('.') }),
  })
}

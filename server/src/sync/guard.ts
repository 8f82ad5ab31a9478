import type { ErrorCode, Log } from '@tandem/shared'

/**
 * What Hocuspocus wants to be thrown: it sends `reason` to the client, and prints everything that has a message to
 * the console, so this has none.
 */
export const refusal = (reason: ErrorCode): Error & { reason: ErrorCode } => Object.assign(new Error(''), { reason })

/** Wraps hooks that nobody awaits: what they throw is logged, since Hocuspocus would let it end the process. */
export function guard(log: Log) {
  const failed = (hook: string) => (e: unknown) => log.error('hook failed', { hook, error: e })
  return {
    quietly: (hook: string, work: () => Promise<void>): void => {
      work().catch(failed(hook))
    },
    hook:
      <P>(name: string, work: (payload: P) => Promise<void> | void) =>
      async (payload: P): Promise<void> => {
        try {
          await work(payload)
        } catch (e) {
          failed(name)(e)
        }
      },
  }
}

import type { RefusalCode } from './guard.ts'

/** What is kept of each attempt to reach something, allowed or not [S229]. */
export type EgressEntry = {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** `CONNECT` for a tunnel, of which nothing further is seen. */
  readonly method: string
  /** Without its query, which may hold a secret; of a tunnel the host and port. */
  readonly url: string
  readonly status?: number | undefined
  readonly durationMs: number
  readonly sentBytes: number
  readonly receivedBytes: number
  /** Why nothing came of it. */
  readonly code?: RefusalCode | 'FETCH_FAILED' | undefined
  readonly reason?: string | undefined
}

export type KeepEntry = (entry: EgressEntry) => void

/** A URL as it is logged. */
export const withoutQuery = (url: URL): string => `${url.origin}${url.pathname}`.slice(0, 500)

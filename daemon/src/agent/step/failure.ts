import { AISDKError, APICallError } from '@ai-sdk/provider'
import { messageOf } from '@tandem/shared'

/** Why a model did not answer. */
export type Failure = {
  readonly kind: /** Come back later. */
    | 'busy'
    /** Its server is in trouble. */
    | 'down'
    | 'unreachable'
    /** The answer broke off. */
    | 'cut'
    | 'hang'
    | 'empty'
    /** The key is missing or refused. */
    | 'needs-key'
    | 'no-credit'
    /** More than the model takes at once. */
    | 'overflow'
    | 'refused'
  /** As the provider says it; it may quote what was sent, so it is shown only without keys. */
  readonly message: string
  /** When the provider wants to be asked again. */
  readonly retryAfterMs?: number
}

const passing: readonly Failure['kind'][] = ['busy', 'down', 'unreachable', 'cut', 'hang', 'empty']
/** Whether the same may be asked once more. */
export const mayPass = ({ kind }: Failure) => passing.includes(kind)

const tooLong =
  /context.{0,20}(?:length|window|size)|maximum context|prompt is too long|too many (?:input )?tokens|input.{0,20}too long|exceeds?.{0,40}(?:context|tokens)|context_length_exceeded/i
const unpaid = /insufficient_quota|insufficient.{0,10}(?:credit|balance|funds)|credit balance|billing/i
const overloaded = /overloaded|rate.?limit|too many requests|unavailable|try again/i

/** What went wrong, of anything that asking a model threw or sent in place of an answer. `now` is in ms since the epoch. */
export function failureOf(error: unknown, now: number): Failure {
  if (!APICallError.isInstance(error)) return ofStream(error)
  const { statusCode: status, responseHeaders: headers, responseBody = '' } = error
  const message = error.message.slice(0, 1000)
  const said = `${message} ${responseBody.slice(0, 4000)}`
  if (status === undefined) return { kind: isConnecting(error) ? 'unreachable' : 'cut', message }
  if (status === 200) return { kind: 'cut', message }
  if (status === 401 || (status === 403 && /key|auth|permission/i.test(said))) return { kind: 'needs-key', message }
  const after = retryAfterMs(headers, now) ?? toldDelayMs(said)
  const later = after === undefined ? {} : { retryAfterMs: after }
  // Some say "quota" of a minute's limit, too; those say when to come back.
  const comesBack = status === 429 && after !== undefined
  if (status === 402 || (unpaid.test(said) && !comesBack)) return { kind: 'no-credit', message }
  if ([400, 413, 422].includes(status)) {
    // Google tells of a wrong key so.
    if (/api.?key not valid|invalid.{0,5}api.?key/i.test(said)) return { kind: 'needs-key', message }
    return { kind: status === 413 || tooLong.test(said) ? 'overflow' : 'refused', message }
  }
  if (status === 429) return { kind: 'busy', message, ...later }
  if (status >= 500 || status === 408 || status === 409) return { kind: 'down', message, ...later }
  return { kind: 'refused', message }
}

/** What was thrown while an answer arrived, or arrived in its place. */
function ofStream(error: unknown): Failure {
  const message = wordsOf(error).slice(0, 1000)
  if (isWrongInItself(error)) return { kind: 'refused', message }
  if (tooLong.test(message)) return { kind: 'overflow', message }
  if (unpaid.test(message)) return { kind: 'no-credit', message }
  if (/api.?key|authentication/i.test(message)) return { kind: 'needs-key', message }
  if (overloaded.test(message)) return { kind: 'busy', message }
  return { kind: 'down', message }
}

/** Errors of the SDK about what was to be asked, and not of a network: the same would be said again. */
const isWrongInItself = (error: unknown) =>
  error instanceof Error &&
  !('code' in error) &&
  (error.name === 'Error' || (AISDKError.isInstance(error) && notAsked.test(error.name)))
const notAsked = /^AI_(?:Invalid(?!Response)|MissingToolResult|MessageConversion|Unsupported|NoSuchModel|Load)/

/** Nothing of an answer had come yet. */
const isConnecting = (error: APICallError) => /connect/i.test(error.message)

/** Providers send errors as objects, nested or not. */
function wordsOf(error: unknown): string {
  if (error instanceof Error || typeof error !== 'object' || error === null) return messageOf(error)
  if ('error' in error) return wordsOf(error.error)
  const [type, message] = ['type', 'message'].map((name) => (error as Record<string, unknown>)[name])
  const words = [type, message].filter((word) => typeof word === 'string')
  return words.length > 0 ? words.join(': ') : JSON.stringify(error)
}

/** Google says it in the body alone. */
function toldDelayMs(said: string): number | undefined {
  const seconds = /"retryDelay":\s*"([\d.]+)s"|retry in ([\d.]+) ?s/i.exec(said)
  return seconds ? Number(seconds[1] ?? seconds[2]) * 1000 : undefined
}

function retryAfterMs(headers: Record<string, string> | undefined, now: number): number | undefined {
  const ms = Number(headers?.['retry-after-ms'] ?? Number.NaN)
  if (Number.isFinite(ms)) return Math.max(0, ms)
  const said = headers?.['retry-after']
  if (said === undefined) return undefined
  const after = /^\d+(?:\.\d+)?$/.test(said.trim()) ? Number(said) * 1000 : Date.parse(said) - now
  return Number.isFinite(after) ? Math.max(0, after) : undefined
}

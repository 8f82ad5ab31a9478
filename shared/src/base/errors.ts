/**
 * Every way in which a promise of ours can be refused or broken: its HTTP status, the WebSocket close code where the
 * connection ends with it (4401, 4403, 4408, 4409, 1009, 1011 and so on), and what the reader can do.
 */
export const errorTable = {
  'bad-request': { http: 400, hint: 'Check the request against /docs.' },
  'validation-failed': { http: 422, hint: 'Correct the fields named in errors[].' },
  unauthorized: { http: 401, close: 4401, hint: 'Sign in again, or use a valid API key.' },
  'token-expired': { http: 401, close: 4401, hint: 'Ask for a new access token.' },
  forbidden: { http: 403, close: 4403, hint: 'Ask an owner of the workspace for a higher role.' },
  'origin-refused': { http: 403, close: 4403, hint: 'Open Tandem at the address it printed at start.' },
  'epoch-changed': { http: 409, close: 4409, hint: 'Reload: the workspace was created anew on the server.' },
  'not-found': { http: 404, hint: 'Check the address or the id.' },
  conflict: { http: 409, hint: 'Fetch the current state and try again.' },
  'precondition-failed': { http: 412, hint: 'The file changed meanwhile: read it again.' },
  'range-invalid': { http: 416, hint: 'Ask for bytes that the file has.' },
  'precondition-required': { http: 428, hint: 'Send If-Match or If-None-Match: *.' },
  'too-large': { http: 413, close: 1009, hint: 'Split it, or raise the limit in the configuration.' },
  'workspace-served': {
    http: 409,
    close: 4409,
    hint: 'Stop the other daemon, or start both with --shared if two folders are meant to be one workspace.',
  },
  'rate-limited': { http: 429, close: 4429, hint: 'Wait as Retry-After says.' },
  'path-outside-workspace': { http: 403, hint: 'Use a path inside the workspace folder.' },
  'path-invalid': { http: 422, hint: 'Use a relative path of ordinary names, with / between them.' },
  'path-protected': { http: 403, hint: 'Files of .git and .tandem are never shared.' },
  'command-denied': { http: 403, hint: 'Change the policy on the machine that runs the daemon.' },
  'sandbox-unavailable': { http: 503, hint: 'Install bubblewrap, or start with --unsafe-no-sandbox.' },
  'store-failed': {
    http: 503,
    close: 1011,
    hint: 'The server cannot write to its disk; nothing acknowledged is lost.',
  },
  'store-locked': { http: 503, hint: 'Another server uses this data folder: stop it, or choose another --data.' },
  'store-corrupt': { http: 500, hint: 'Restore the data folder from a backup; run npm run tandem -- doctor.' },
  'store-newer': { http: 503, hint: 'Upgrade this program to the one that wrote the data folder.' },
  'port-busy': { http: 503, hint: 'Stop the program on that port, or choose another with --port.' },
  'folder-unreadable': { http: 403, hint: 'Check that the folder exists and that you may read and write it.' },
  'folder-served': { http: 409, hint: 'Stop the other Tandem on this folder first.' },
  'disk-full': { http: 507, close: 1011, hint: 'Free some disk space.' },
  'config-invalid': { http: 500, hint: 'Correct the setting named.' },
  timeout: { http: 504, hint: 'Give it more time, or less to do.' },
  offline: { http: 503, hint: 'Connect to the server first.' },
  'going-away': { http: 503, close: 1001, hint: 'The server is stopping; clients reconnect by themselves.' },
  internal: { http: 500, close: 1011, hint: 'This is a defect of ours: please report it.' },
} as const satisfies Record<string, { http: number; close?: number; hint: string }>

export type ErrorCode = keyof typeof errorTable

/** The one error of ours. `details` are shown to people and logged: never put a secret into them. */
export class TandemError extends Error {
  override readonly name = 'TandemError'
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, details: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super(sentence(code, details), cause === undefined ? undefined : { cause })
    this.code = code
    this.details = details
  }
}

/** True for a TandemError, also one of another copy of this module. */
export const isTandemError = (e: unknown, code?: ErrorCode): e is TandemError =>
  e instanceof Error && e.name === 'TandemError' && (code === undefined || (e as TandemError).code === code)

/** What to log or show of anything that was thrown. */
export const messageOf = (e: unknown): string => (e instanceof Error ? e.message : String(e))

/** `details.reason` is the specific sentence where there is one; the rest are facts in brackets. */
function sentence(code: ErrorCode, { reason, ...facts }: Readonly<Record<string, unknown>>): string {
  const rest = Object.entries(facts).map(([k, v]) => `${k} ${typeof v === 'string' ? v : JSON.stringify(v)}`)
  return (
    (typeof reason === 'string' ? reason : code.replaceAll('-', ' ')) + (rest.length ? ` (${rest.join(', ')})` : '')
  )
}

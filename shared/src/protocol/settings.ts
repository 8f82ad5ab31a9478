import { z } from 'zod'
import { TandemError } from '../base/errors.ts'
import { Role } from './access.ts'

const flag = z.union([z.boolean(), z.stringbool()])
const ms = z.coerce.number().int().positive()
const bytes = z.coerce.number().int().positive()

/** Times of which the first would make the second strike all the time: silence is told from life by these. */
const mustBeShorter = [
  ['pingMs', 'deadMs'],
  ['helloMs', 'unseenMs'],
  ['unseenMs', 'leaseMs'],
] as const

/**
 * Every setting of every program, with its default: one schema for the configuration file, the environment
 * (`TANDEM_MAX_DOC_BYTES`) and flags (`--max-doc-bytes`); a flag beats the environment, which beats the file.
 */
export const Settings = z
  .strictObject({
    /** 0 = any free port. */
    port: z.coerce.number().int().min(0).max(65535).default(4310),
    host: z.string().min(1).default('127.0.0.1'),
    /** A further path at which sockets are taken, beside our own. */
    websocketPath: z
      .string()
      .regex(/^\/[\w./-]*$/, 'it must be a path such as /api/ws')
      .optional(),
    /** Where the server's log and the daemon's state live; by default one folder per served folder. */
    data: z.string().optional(),
    open: flag.default(true),
    json: flag.default(false),
    logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
    /** Listen off loopback, or join a server off loopback, without TLS. */
    insecure: flag.default(false),
    /** Files (PEM) of the server's certificate chain and key: with them it speaks TLS. Read anew when they change. */
    tlsCert: z.string().optional(),
    tlsKey: z.string().optional(),
    /** A file (PEM) of certificates that a daemon trusts beside those of its system. */
    tlsCa: z.string().optional(),
    /** Host names, beside loopback, under which the page may be opened. */
    allowedHosts: z.union([z.array(z.string()), z.string().transform((s) => s.split(',').filter(Boolean))]).default([]),
    /** Addresses (or networks, as `10.0.0.0/8`) of proxies before this server: only they are believed in X-Forwarded-For. */
    trustedProxies: z
      .union([z.array(z.string()), z.string().transform((s) => s.split(',').filter(Boolean))])
      .pipe(z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])))
      .default([]),

    /** The server that a `tandem daemon` joins. */
    server: z.url().optional(),
    token: z.string().optional(),
    name: z.string().max(80).optional(),
    /** Several daemons may serve the workspace at once; each must say so [S311]. */
    shared: flag.default(false),
    unsafeNoSandbox: flag.default(false),
    slots: z.coerce.number().int().min(0).max(64).default(3),
    /** Look at everything each second instead of watching: for file systems that tell nothing. */
    polling: flag.default(false),
    /** What tells that something in the folder changed; see docs/adr/0012-one-watch-a-directory.md. */
    watcher: z.enum(['directories', 'chokidar', 'parcel']).default('directories'),

    tokenLifeMs: ms.default(300_000),
    pingMs: ms.default(2_000),
    deadMs: ms.default(5_500),
    /** How long a socket may stay without anyone signed in. */
    signInMs: ms.default(10_000),
    /** How often a daemon says that it is there. */
    helloMs: ms.default(10_000),
    leaseMs: ms.default(30_000),
    /** A daemon that has not said hello for this long is shown offline. */
    unseenMs: ms.default(15_000),
    docIdleMs: ms.default(60_000),
    taskTimeoutMs: ms.default(30_000),
    /** So many tasks run at once in a workspace, however many daemons it has. */
    maxRunning: z.coerce.number().int().positive().default(32),

    maxMessageBytes: bytes.default(32 * 2 ** 20),
    maxDocBytes: bytes.default(16 * 2 ** 20),
    maxTextBytes: bytes.default(8 * 2 ** 20),
    /** Larger files are listed, not shared. */
    maxBlobBytes: bytes.default(50 * 2 ** 20),
    /** What tasks leave at the server, all together: their output and files of theirs that are kept, for a month. */
    maxOutputsBytes: bytes.default(2 * 2 ** 30),
    maxBufferedBytes: bytes.default(64 * 2 ** 20),
    /** Failed sign-ins of one address; tasks created with one key, by one person or program, and by all; as many at once. */
    failedSignInsPerMinute: z.coerce.number().int().positive().default(20),
    tasksPerMinuteOfKey: z.coerce.number().int().positive().default(600),
    tasksPerMinute: z.coerce.number().int().positive().default(600),
    tasksPerMinuteOfAll: z.coerce.number().int().positive().default(6_000),

    /** Requests of one caller over REST, and messages of one socket. */
    requestsPerMinute: z.coerce.number().int().positive().default(6_000),
    messagesPerSecond: z.coerce.number().int().positive().default(2_000),

    /** Keys of fixed programs, from QUEUE_API_KEY and ASSISTANT_API_KEY [S55]; at least 32 characters. */
    queueApiKey: z.string().min(32).max(300).optional(),
    assistantApiKey: z.string().min(32).max(300).optional(),
    /** Sign-in by OpenID Connect: all three, or none. */
    oidcIssuer: z.url().optional(),
    oidcClientId: z.string().optional(),
    oidcClientSecret: z.string().optional(),
    /** What somebody becomes who signs in so and is no member yet; absent: they need an invite. */
    oidcRole: Role.optional(),
    /** The address under which people reach this server, where it is not what it listens on. */
    publicUrl: z.url().optional(),

    /** Versions older than this are kept one a step, and older than that only at checkpoints; absent: every one for ever. */
    thinAfterDays: z.coerce.number().positive().optional(),
    forgetAfterDays: z.coerce.number().positive().optional(),

    /** What waits for a slow disk before sockets are no longer read. */
    maxBacklogBytes: bytes.default(32 * 2 ** 20),
    maxDocs: z.coerce.number().int().positive().default(500_000),
    maxConnectionsPerPerson: z.coerce.number().int().positive().default(200),
    maxConnections: z.coerce.number().int().positive().default(1_000),
    maxDocsPerConnection: z.coerce.number().int().positive().default(20_000),
    snapshotTailBytes: bytes.default(10 * 2 ** 10),
  })
  .superRefine((settings, { addIssue }) => {
    for (const [shorter, longer] of mustBeShorter) {
      if (settings[shorter] < settings[longer]) continue
      const message = `it must be shorter than ${longer} (${settings[longer]})`
      // Both are named: the one that somebody set tells where to look.
      addIssue({ code: 'custom', path: [shorter, longer], message })
    }
  })
export type Settings = Readonly<z.infer<typeof Settings>>

/** Names of the founding documents that mean one of ours [S296] [S297]. */
const aliases: Record<string, string> = {
  WEBSOCKET_PORT: 'port',
  WEBSOCKET_PATH: 'websocketPath',
  QUEUE_API_KEY: 'queueApiKey',
  ASSISTANT_API_KEY: 'assistantApiKey',
}

type Sources = {
  file?: unknown
  env?: Readonly<Record<string, string | undefined>>
  flags?: Readonly<Record<string, unknown>>
}

/** Reads the settings of all three sources, frozen; throws `config-invalid` naming the setting and its source. */
export function readSettings({ file = {}, env = {}, flags = {} }: Sources): Settings {
  if (typeof file !== 'object' || file === null) {
    throw new TandemError('config-invalid', { reason: 'the configuration file does not hold an object' })
  }
  const fromEnv: Record<string, unknown> = {}
  const variables: Record<string, string> = {}
  // Our own names come last: they beat a founding one, in whatever order the environment lists them.
  const entries = Object.entries(env).toSorted(([a], [b]) => Number(b in aliases) - Number(a in aliases))
  for (const [name, value] of entries) {
    const key = aliases[name] ?? (name.startsWith('TANDEM_') ? camel(name.slice(7)) : undefined)
    if (key !== undefined && Object.hasOwn(Settings.shape, key) && value !== undefined) {
      fromEnv[key] = value
      variables[key] = name
    }
  }
  const given = Object.fromEntries(Object.entries(flags).filter(([, v]) => v !== undefined))
  const parsed = Settings.safeParse({ ...file, ...fromEnv, ...given })
  if (parsed.success) return Object.freeze(parsed.data)
  const issue = parsed.error.issues[0]
  const key = String(issue?.path[0] ?? (issue?.code === 'unrecognized_keys' ? issue.keys[0] : '?'))
  const named = [key, ...(issue?.path.slice(1).map(String) ?? [])]
  const flag = named.find((k) => k in given)
  const source = flag
    ? `--${kebab(flag)}`
    : (named.map((k) => variables[k]).find((name) => name !== undefined) ?? 'the configuration file')
  throw new TandemError('config-invalid', {
    reason: `the setting ${key} is not valid: ${issue?.message ?? ''}`,
    source,
  })
}

const camel = (s: string) => s.toLowerCase().replaceAll(/_(\w)/g, (_, c: string) => c.toUpperCase())
const kebab = (s: string) => s.replaceAll(/[A-Z]/g, (c) => '-' + c.toLowerCase())

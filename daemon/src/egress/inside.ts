import { relayOf, systemPerl, type RelayPrograms } from './relay-program.ts'

/** Where a command finds its proxy; in its own network nobody else listens. */
const port = 44_310
const proxy = `http://127.0.0.1:${port}`

/**
 * What leads programs to the proxy: the names that git, curl, pip, go and cargo look at, and those of package managers.
 * What does not look at them finds no network.
 */
export const proxyEnvironment: Readonly<Record<string, string>> = {
  HTTP_PROXY: proxy,
  HTTPS_PROXY: proxy,
  http_proxy: proxy,
  https_proxy: proxy,
  ...withoutProxy([]),
  npm_config_proxy: proxy,
  npm_config_https_proxy: proxy,
  YARN_HTTP_PROXY: proxy,
  YARN_HTTPS_PROXY: proxy,
}

/** For Node's own `fetch` and `http`. It costs each start of Node 85 ms of processor time, so that only who needs it gets it. */
export const nodeByProxy = { NODE_USE_ENV_PROXY: '1' } as const

/** What is reached inside, without the proxy: the command's own servers, but for names that it was granted outside. */
export function withoutProxy(granted: readonly string[]): Readonly<Record<'NO_PROXY' | 'no_proxy', string>> {
  const own = ['localhost', '127.0.0.1', '::1'].filter((name) => !granted.includes(name)).join(',')
  return { NO_PROXY: own, no_proxy: own }
}

// oxfmt-ignore
const trusting = [
  'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'CURL_CA_BUNDLE', 'REQUESTS_CA_BUNDLE', 'PIP_CERT', 'GIT_SSL_CAINFO', 'CARGO_HTTP_CAINFO',
  'NODE_USE_SYSTEM_CA',
]
/** What of the system's certificates is seen inside. */
const seenInside = /^\/(etc\/(ssl\/certs|pki\/(ca-trust|tls\/certs))|usr)(\/|$)/

/** Whom programs trust besides by the machine's own settings, such as a company's authority. */
export const trustOf = (environment: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    trusting.flatMap((name) => {
      const file = environment[name]
      return file !== undefined && (seenInside.test(file) || file === '1') ? [[name, file] as const] : []
    }),
  )

/**
 * Starts the relay, waits until it listens, and becomes the command. It is nobody's child but the sandbox's first
 * process's: a program that waits for its children must not wait for this one.
 */
const prelude = (switches: readonly string[]) => `
[ "$("$1" ${switches.join(' ')} "$2" -- "$3" "$4" "$5" 3>&1 >/dev/null 2>&1 </dev/null &)" = ready ] ||
  { echo 'Tandem: the way to the network could not be opened.' >&2; exit 126; }
shift 5
exec "$@"`

type RelayOptions = Partial<RelayPrograms> & {
  node: string
  /** The folder of the sockets, inside. */
  folder: string
  /** Ports of the command's own that are reached from outside. */
  ports: readonly number[]
}

/**
 * What comes before a command inside the walls so that it reaches the proxy, and is reached itself; and how many processes
 * and threads that adds to the command's.
 */
export function relayPrefix({ node, perl = systemPerl(), folder, ports }: RelayOptions): {
  prefix: readonly string[]
  processes: number
} {
  const { program, switches, text, processes } = relayOf({ node, perl })
  return {
    prefix: ['/bin/sh', '-c', prelude(switches), 'sh', program, text, String(port), folder, ports.join()],
    processes,
  }
}

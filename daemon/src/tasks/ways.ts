import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { messageOf, TandemError, type Clock, type Log, type Task } from '@tandem/shared'
import type { EgressEntry } from '../egress/entry.ts'
import { createFetch, type Fetcher } from '../egress/fetch.ts'
import { createGuard, type Reach, type Resolve } from '../egress/guard.ts'
import { nodeByProxy, trustOf, withoutProxy } from '../egress/inside.ts'
import { createInward } from '../egress/inward.ts'
import { createProxy } from '../egress/proxy.ts'
import { npmRegistry } from '../sandbox/decide-network.ts'
import type { Policy } from '../sandbox/policy.ts'
import { findIn, searchPath } from '../sandbox/search-path.ts'
import type { Egress } from '../sandbox/way-out.ts'

type About = Pick<Task, 'id' | 'attempt'>

/** Hosts that a command may reach, and ports at which it may be reached. */
type Granted = { readonly hosts: readonly string[]; readonly ports: readonly number[] }

/** The ways by which tasks reach anything, all of them through the guard and into the log. */
export type Ways = {
  /** For a command that was granted these; `refused` tells what else it wanted. */
  forCommand(task: About, granted: Granted, policy: Policy): Promise<{ egress: Egress; refused(): string[] }>
  /** For one execution of code. */
  forCode(task: About, policy: Policy): Promise<Fetcher>
}

type WaysOptions = {
  /** The folder served, in which no program is looked for. */
  readonly workspace: string
  /** The daemon's environment, by which npm finds its configuration. */
  readonly environment: NodeJS.ProcessEnv
  readonly clock: Clock
  readonly log: Log
  readonly resolve?: Resolve
}

export function createWays({ workspace, environment, clock, log, resolve }: WaysOptions): Ways {
  const recordOf = ({ id, attempt }: About) => {
    const said = log.with({ task: id, attempt })
    return (entry: EgressEntry) => said.info('egress', entry)
  }
  let registry: URL | undefined
  const registryNow = async () => (registry ??= await findRegistry(environment, workspace))
  return {
    forCommand: async (task, { hosts, ports }, { network }) => {
      const npm = hosts.includes(npmRegistry) ? await registryNow() : undefined
      const allow = hosts.flatMap((host) => (host === npmRegistry ? [] : [host]))
      if (npm) allow.push(`${npm.hostname}:${npm.port || (npm.protocol === 'https:' ? 443 : 80)}`)
      const reach: Reach = {
        allow,
        deny: network.deny,
        methods: 'any',
        // The owner has configured it, wherever it is.
        allowPrivate: [...network.allowPrivate, ...(npm ? [npm.hostname.replace(/^\[|\]$/g, '')] : [])],
        ports: network.ports,
      }
      const refused = new Set<string>()
      const egress: Egress = {
        environment: {
          ...trustOf(environment),
          // Package managers find the proxy by themselves.
          ...(hosts.some((host) => host !== npmRegistry) && nodeByProxy),
          ...withoutProxy(allow.map((host) => host.replace(/:\d+$/, ''))),
          ...(npm && { npm_config_registry: npm.href, YARN_NPM_REGISTRY_SERVER: npm.href }),
        },
        ports,
        open: async (folder) => {
          const proxy = createProxy({ guard: createGuard(reach, resolve), clock, record: recordOf(task) })
          const inward = createInward(ports, clock)
          const close = async () => {
            for (const host of proxy.refused()) refused.add(host)
            await Promise.all([proxy.close(), inward.close()])
          }
          try {
            await proxy.listen(join(folder, 'out'))
            if (ports.length > 0) await inward.listen(join(folder, 'in'))
          } catch (e) {
            await close()
            throw e
          }
          return close
        },
      }
      return { egress, refused: () => [...refused] }
    },
    forCode: async (task, { commands, network }) => {
      const { deny, methods, allowPrivate, ports } = network
      const allow = commands.mode === 'plan' ? [] : network.allow.filter((rule) => rule !== npmRegistry)
      if (commands.mode !== 'plan' && network.allow.includes(npmRegistry))
        await registryNow().then(
          ({ href }) => allow.push(href),
          (error: unknown) => log.info('code fetches from no package registry', { error }),
        )
      const reach = { allow, deny, methods, allowPrivate, ports }
      return createFetch({ reach, clock, record: recordOf(task), ...(resolve && { resolve }) })
    },
  }
}

/**
 * Where npm looks for packages by its owner's configuration, asked for at / so that no repository answers. What it knows of
 * names and passwords stays with it. Throws `config-invalid` where it does not say.
 */
async function findRegistry(environment: NodeJS.ProcessEnv, workspace: string): Promise<URL> {
  const path = searchPath(environment.PATH ?? '', workspace)
  const options = { cwd: '/', env: { ...environment, PATH: path.join(':') }, timeout: 30_000 }
  const cannot = (why: string, cause?: unknown) =>
    new TandemError(
      'config-invalid',
      { reason: `npm does not say which registry it is configured with: ${why}` },
      cause,
    )
  const npm = findIn(path, 'npm', workspace)
  if (npm === undefined) throw cannot('npm is not installed')
  const { stdout } = await promisify(execFile)(npm, ['config', 'get', 'registry'], options).catch((e: unknown) => {
    throw cannot(messageOf(e), e)
  })
  const url = URL.parse(stdout.trim())
  if (!url || !/^https?:$/.test(url.protocol)) throw cannot(`${stdout.trim().slice(0, 200)} is no address`)
  url.username = ''
  url.password = ''
  return url
}

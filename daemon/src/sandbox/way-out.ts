import { chmodSync, chownSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isTandemError, messageOf, TandemError } from '@tandem/shared'
import { proxyEnvironment, relayPrefix } from '../egress/inside.ts'
import type { Identity } from './identity.ts'
import { makeTemporary, removeTemporary } from './temporary.ts'

/** What a command may reach, and by what it may be reached. */
export type Egress = {
  /** Listens in this folder, on the unix sockets `out` and `in`, until the function that is returned is called. */
  open(folder: string): Promise<() => Promise<void>>
  /** Ports of the command's own that are reached from outside, by `in`. */
  readonly ports: readonly number[]
  /** What besides the proxy's address programs should know, such as the registry they are to use. */
  readonly environment: Readonly<Record<string, string>>
}

/** The way out of one sandbox: a folder of sockets that is bound in, and what comes before the command to use it. */
export type WayOut = {
  /** Outside. */
  readonly folder: string
  readonly prefix: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** How many processes and threads it adds to the command's. */
  readonly processes: number
  close(): Promise<void>
}

/** Where the sockets are inside. */
export const socketsInside = '/run/tandem'

/**
 * Opens it, for who the command runs as: nobody else of the machine reaches the sockets. Throws `sandbox-unavailable` where
 * it cannot be, and `port-busy`.
 */
export async function openWayOut(egress: Egress, { uid, gid }: Identity): Promise<WayOut> {
  const folder = makeTemporary('out')
  let stop: (() => Promise<void>) | undefined
  const close = async () => {
    await stop?.()
    removeTemporary(folder)
  }
  try {
    stop = await egress.open(folder)
    for (const name of readdirSync(folder)) {
      chmodSync(join(folder, name), 0o600)
      chownSync(join(folder, name), uid, gid)
    }
    // It stays ours, so that nobody else puts anything there; the sockets say themselves who may speak to them.
    chmodSync(folder, 0o755)
  } catch (e) {
    await close()
    if (isTandemError(e)) throw e
    const reason = `the way to the network cannot be opened: ${messageOf(e)}`
    throw new TandemError('sandbox-unavailable', { reason }, e)
  }
  return {
    folder,
    ...relayPrefix({ node: process.execPath, folder: socketsInside, ports: egress.ports }),
    environment: { ...proxyEnvironment, ...egress.environment },
    close,
  }
}

import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { messageOf, TandemError } from '@tandem/shared'
import { proxyEnvironment, relayPrefix, relayProcesses } from '../egress/inside.ts'
import type { Identity } from './identity.ts'

/** What a command may reach. */
export type Egress = {
  /** Listens on a unix socket at this path, until the function that is returned is called. */
  open(path: string): Promise<() => Promise<void>>
  /** What besides the proxy's address programs should know, such as the registry they are to use. */
  readonly environment: Readonly<Record<string, string>>
}

/** The way out of one sandbox: a socket that is bound in, and what comes before the command to use it. */
export type WayOut = {
  /** Outside. */
  readonly socket: string
  readonly prefix: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** How many processes and threads it adds to the command's. */
  readonly processes: number
  close(): Promise<void>
}

/** Where the socket is inside. */
export const socketInside = '/run/tandem/egress'

/**
 * Opens it, for who the command runs as: nobody else of the machine reaches the socket. Throws `sandbox-unavailable` where
 * it cannot be.
 */
export async function openWayOut(egress: Egress, { uid, gid }: Identity): Promise<WayOut> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-out-'))
  const socket = join(folder, 's')
  let stop: (() => Promise<void>) | undefined
  const close = async () => {
    await stop?.()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    stop = await egress.open(socket)
    for (const path of [socket, folder]) chownSync(path, uid, gid)
  } catch (e) {
    await close()
    throw new TandemError(
      'sandbox-unavailable',
      { reason: `the way to the network cannot be opened: ${messageOf(e)}` },
      e,
    )
  }
  return {
    socket,
    prefix: relayPrefix({ node: process.execPath, socket: socketInside }),
    environment: { ...proxyEnvironment, ...egress.environment },
    processes: relayProcesses,
    close,
  }
}

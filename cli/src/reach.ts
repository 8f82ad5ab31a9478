import { hostname, userInfo } from 'node:os'
import type { Machine } from './config.ts'

/** Whether a browser opened here would be seen by the person who typed the command. */
export function hasScreen({ env }: Machine, platform: NodeJS.Platform = process.platform): boolean {
  if (env.SSH_CONNECTION) return false
  return platform !== 'linux' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY)
}

/** The command that makes our port reachable from the machine in front of the person; undefined where they sit here. */
export function sshLine(machine: Machine, port: number, platform?: NodeJS.Platform): string | undefined {
  if (hasScreen(machine, platform)) return undefined
  const [, , address = hostname(), sshPort = '22'] = (machine.env.SSH_CONNECTION ?? '')
    .split(' ')
    .map((part) => part || undefined)
  const host = address.includes(':') ? `[${address}]` : address
  return `ssh -N -L ${port}:127.0.0.1:${port}${sshPort === '22' ? '' : ` -p ${sshPort}`} ${machine.env.USER || userInfo().username}@${host}`
}

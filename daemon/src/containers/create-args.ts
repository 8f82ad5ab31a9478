import { availableParallelism } from 'node:os'
import { birthmark, look } from '../disk/stat.ts'
import { sandboxHome } from '../sandbox/environment.ts'
import type { Identity } from '../sandbox/identity.ts'
import { readCeilings, type Limits } from '../sandbox/limits.ts'
import type { ProtectedPaths } from '../sandbox/protected.ts'

export type ContainerPlan = {
  readonly image: string
  readonly cpus: number
  readonly workspace: string
  readonly identity: Pick<Identity, 'uid' | 'gid'>
  readonly limits: Limits
  readonly writable: boolean
  readonly protectedPaths: Omit<ProtectedPaths, 'awaited'>
  /** Folders shown as empty. */
  readonly covered: readonly string[]
  /** Podman's own: it would copy what lies below into the memory that is to cover it, and, without root, count users anew. */
  readonly isPodman: boolean
  readonly isRootless: boolean
}

/**
 * How a container is asked for that holds code nobody trusts: no network, no capability, nothing of it can be written
 * but the folder and memory that ends with it. Pure but for the ceilings of this process, which no limit may exceed.
 */
export function createArgs(plan: ContainerPlan): string[] {
  const { workspace, identity, limits, protectedPaths } = plan
  const { pinned, readOnly, hidden } = protectedPaths
  const bind = (source: string, target: string, isReadOnly: boolean) => [
    '--mount',
    fields('type=bind', `source=${source}`, `target=${target}`, ...(isReadOnly ? ['readonly'] : [])),
  ]
  const memory = (path: string, options: string) => [
    '--tmpfs',
    `${path}:${options},nosuid,nodev${plan.isPodman ? ',notmpcopyup' : ''}`,
  ]
  const scratch = `rw,exec,mode=1777,size=${limits.scratchMb}m`
  const ceilings = process.platform === 'linux' ? readCeilings() : undefined
  const atMost = (name: string, value: number, ceiling = Infinity) => {
    const limit = Math.min(value, ceiling)
    return ['--ulimit', `${name}=${limit}:${limit}`]
  }
  // oxfmt-ignore
  return [
    '--network', 'none', '--read-only', '--cap-drop', 'ALL', '--user', `${identity.uid}:${identity.gid}`, '--hostname', 'sandbox',
    '--security-opt', 'no-new-privileges', '--security-opt', 'label=disable', ...(plan.isPodman && plan.isRootless ? ['--userns', 'keep-id'] : []),
    '--memory', `${limits.memMb}m`, '--memory-swap', `${limits.memMb}m`, '--pids-limit', String(limits.procs),
    '--cpus', String(Math.min(plan.cpus, availableParallelism())), '--shm-size', `${limits.scratchMb}m`,
    ...atMost('nofile', limits.openFiles, ceilings?.openFiles), ...atMost('fsize', limits.fileMb * 1_048_576, ceilings?.fileBytes), ...atMost('core', 0),
    // Counted for a user of the whole machine, so it bounds nothing here; but Podman would ask for more than it may have.
    ...atMost('nproc', 16_384, ceilings?.procs),
    ...memory('/tmp', scratch), ...memory(sandboxHome, scratch),
    ...bind(workspace, workspace, !plan.writable),
    ...pinned.flatMap((path) => bind(path, path, !plan.writable)),
    ...readOnly.flatMap((path) => bind(path, path, true)),
    ...hidden.flatMap((path) => bind('/dev/null', path, true)),
    ...plan.covered.flatMap((path) => memory(path, 'ro,mode=0555,size=4k')),
    // Else each that the image names could be written, on disk and without a bound. Docker's cannot be told so.
    ...(plan.isPodman ? ['--image-volume', 'ignore'] : []),
    '--no-healthcheck', '--pull', 'never', '--entrypoint', 'sh',
  ]
}

/**
 * What tells one container from another that is no use in its place: how it was asked for, and which files lay behind
 * it. One that was written anew is another file, and would be seen.
 */
export const keyOf = (plan: ContainerPlan): string => {
  const { pinned, readOnly, hidden } = plan.protectedPaths
  const marks = [plan.workspace, ...pinned, ...readOnly, ...hidden].map((path) => {
    const stat = look(path)
    return typeof stat === 'string' ? stat : birthmark(stat)
  })
  return JSON.stringify([plan.image, createArgs(plan), marks])
}

/** One value of several fields, as both programs read them: a comma or a quote in a path is the path's. */
const fields = (...all: string[]): string =>
  all.map((field) => (/[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',')

import { messageOf } from '@tandem/shared'
import { findCli } from './cli.ts'
import { createContainers, ofRoot, type Containers, type ContainersOptions } from './containers.ts'
import { tryContainer } from './probe.ts'

export type Opened =
  | {
      readonly containers: Containers
      /** What runs them, and the attacks that were tried and held off, for a person. */
      readonly says: string
    }
  /** Why there are none, and what to do about it, as sentences; `wanted` where the owner has asked for them. */
  | { readonly containers?: undefined; readonly reason: string; readonly fix: string; readonly wanted: boolean }

type OpenOptions = Omit<ContainersOptions, 'cli' | 'image'> & {
  readonly image?: string | undefined
  /** Nothing is to be run: what others left is not touched either. */
  readonly looksOnly: boolean
}

/**
 * Finds out whether code can be run in containers here, by attacks tried in one: what the owner's policy says they are made
 * of, by Podman or Docker. What a killed daemon left is removed before. Never rejects; looks for nothing without an image.
 */
export async function openContainers({ image, looksOnly, ...options }: OpenOptions): Promise<Opened> {
  const { machine, signal, clock } = options
  const none = (reason: string, fix: string, wanted = true): Opened => ({ reason, fix, wanted })
  if (image === undefined)
    return none(
      'The owner’s policy names no image for containers',
      'Set containers.image there, or leave out `runner`.',
      false,
    )
  const cli = findCli(machine.hostEnvironment, machine.workspace)
  if (!cli)
    return none('For containers neither podman nor docker is installed', 'Install one of them, or leave out `runner`.')
  if (machine.identity.isRoot) return none(ofRoot, 'Give the folder to a user, or leave out `runner`.')
  const containers = createContainers({ ...options, cli, image })
  try {
    if (!looksOnly) await containers.sweep()
    const { through, held } = await tryContainer({ cli, image, machine, clock, signal })
    const says = `containers of ${image} by ${cli.program}; ${held.length} attacks were tried and held off: ${held.join(', ')}`
    if (through.length === 0) return { containers, says }
    return none(
      `A container of ${image} does not hold: code could ${through.join(', ')}`,
      'See how its engine is set up.',
    )
  } catch (e) {
    machine.log.warn('containers cannot be had', { error: e })
    return none(`A container of ${image} cannot be had: ${messageOf(e)}`, fixFor(messageOf(e), cli.program, image))
  }
}

function fixFor(message: string, program: string, image: string): string {
  if (/No such image|not known|not found|does not exist|unable to find image/i.test(message))
    return `Fetch or build it: ${program} pull ${image}.`
  if (/Cannot connect|daemon running|permission denied while trying to connect/i.test(message))
    return 'Start Docker, and see that this user may speak to it.'
  return `See what ${program} info says.`
}

import { existsSync } from 'node:fs'
import type { Runner } from '../command.ts'
import { createRefusingRunner, type Machine } from '../runner.ts'
import { doesNotHold, tryAll, type Probe } from '../probe.ts'
import { createHelper, type Helper } from './helper.ts'
import { createVendorRunner } from './runner.ts'

type Opened = { readonly runner: Runner; readonly probe: Probe }

const untested =
  'By the sandbox of macOS (Seatbelt, through Anthropic’s sandbox runtime): nobody has tested it with Tandem, beyond what is tried at each start'
/** Kernels differ in what these mean, and neither gives a user rights that they have not. */
const known = ['make a set-uid file', 'see the processes of the machine']

/**
 * The walls of a system that is not Linux, where its owner takes such as nobody has tested. Each start tries attacks, as
 * everywhere; without any sandbox, or where one gets through, every command is refused in words.
 */
export async function openVendorSandbox(
  machine: Machine,
  {
    path,
    mayBeReduced,
    platform = process.platform,
  }: { path: string; mayBeReduced: boolean; platform?: NodeJS.Platform },
): Promise<Opened> {
  const none = (reason: string, fix: string): Opened => ({
    runner: createRefusingRunner(reason, fix),
    probe: { tier: 'none', held: [], reason, fix },
  })
  if (platform !== 'darwin')
    return none(
      `There is no sandbox for ${platform}`,
      'On Windows run the daemon in WSL 2; else start with --unsafe-no-sandbox.',
    )
  if (machine.identity.isRoot || machine.identity.drop)
    return none('On macOS commands are not run by a daemon of root’s', 'Start it as an ordinary user.')
  if (!existsSync('/usr/bin/sandbox-exec')) return none('sandbox-exec is missing', 'Start with --unsafe-no-sandbox.')
  if (!mayBeReduced)
    return none(
      'The sandbox of macOS has not been tested with Tandem',
      'To use it all the same: {"sandbox": {"onUnavailable": "reduced"}} in your policy; docs/threat-model.md says what is open.',
    )
  return tryVendorSandbox(machine, createHelper({ path, log: machine.log }))
}

/** Tries real attacks behind it, as for walls of ours. */
export async function tryVendorSandbox(machine: Machine, helper: Helper): Promise<Opened> {
  const { held, through, failed } = await tryAll((bed) => createVendorRunner(bed, helper), machine)
  const more = through.filter((name) => !known.includes(name))
  const why =
    failed === undefined
      ? doesNotHold(more)
      : { reason: `The sandbox cannot start: ${failed}`, fix: 'See what npm run tandem -- doctor says.' }
  if (failed === undefined && more.length === 0)
    return {
      runner: createVendorRunner(machine, helper),
      probe: { tier: 'reduced', held, reason: untested, vendor: true },
    }
  helper.close()
  return { runner: createRefusingRunner(why.reason, why.fix), probe: { tier: 'none', held, ...why } }
}

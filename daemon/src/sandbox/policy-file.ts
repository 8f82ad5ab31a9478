import { readFileSync, realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, sep } from 'node:path'
import { messageOf, TandemError } from '@tandem/shared'
import type { z } from 'zod'
import { defaultPolicy, Policy } from './policy.ts'

type Options = {
  /** The machine's environment: XDG_CONFIG_HOME, HOME. */
  environment: Readonly<Record<string, string | undefined>>
  /** The folder served, as it was given. */
  workspace: string
}

/** Where the owner's policy is looked for, and whether it is there. */
export type FoundPolicy = { file: string; isThere: boolean; policy: Policy }

/**
 * The policy of this machine's owner: `tandem/policy.json` in their configuration folder, the default where there is
 * none. Throws `config-invalid` naming the key that is wrong; also for a file inside the folder served, where a
 * command could rewrite what it is judged by.
 */
export function readPolicy({ environment, workspace }: Options): FoundPolicy {
  const home = environment.HOME || homedir()
  const file = join(environment.XDG_CONFIG_HOME || join(home, '.config'), 'tandem', 'policy.json')
  const refuse = (reason: string, cause?: unknown): never => {
    throw new TandemError('config-invalid', { reason: `the policy ${file} ${reason}` }, cause)
  }
  const text = read(file, refuse)
  if (text === undefined) return { file, isThere: false, policy: defaultPolicy }
  if ((realpathSync(file) + sep).startsWith(realpathSync(workspace) + sep))
    return refuse('is inside the folder served, where commands could change it; keep it elsewhere (XDG_CONFIG_HOME)')
  const parsed = Policy.safeParse(parse(text, refuse))
  if (!parsed.success) return refuse(`is not valid: ${sentenceOf(parsed.error)}`)
  return { file, isThere: true, policy: parsed.data }
}

type Refuse = (reason: string, cause?: unknown) => never

function read(file: string, refuse: Refuse): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    return refuse(`cannot be read: ${messageOf(e)}`, e)
  }
}

function parse(text: string, refuse: Refuse): unknown {
  try {
    return JSON.parse(text)
  } catch (e) {
    return refuse(`is not JSON: ${messageOf(e)}`, e)
  }
}

/** The first thing that is wrong, with its key: `commands.default: …`. */
export function sentenceOf({ issues: [issue] }: z.ZodError): string {
  if (!issue) return 'it cannot be understood'
  const key = [...issue.path, ...(issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [])].join('.')
  const what = issue.code === 'unrecognized_keys' ? 'there is no such key' : issue.message
  return key ? `${key}: ${what}` : what
}

import { z } from 'zod'
import { ContainerPolicy } from './container-policy.ts'
import { NetworkPolicy } from './network-policy.ts'
import { defaultIsolateLimits, IsolateLimits } from './isolate-limits.ts'
import { defaultLimits, Limits } from './limits.ts'
import { Mode } from './modes.ts'
import { GrantedPath } from './paths.ts'

/** Words of commands, the last a `*` for any further ones. */
export const Rules = z.array(z.string().min(1).max(200)).max(500)

/** The founding list of commands [S134], each with any arguments, and the tools that ordinary projects are made with. */
const founding = ['ls', 'pwd', 'echo', 'cat', 'grep', 'find', 'git', 'npm', 'pnpm', 'yarn', 'node', 'python']
// oxfmt-ignore
const common = [
  'python3', 'pip', 'pip3', 'uv', 'pytest', 'npx', 'corepack', 'bun', 'deno', 'tsc', 'tsx', 'vitest', 'jest', 'eslint', 'prettier', 'vite',
  'make', 'cmake', 'ninja', 'gcc', 'g++', 'cc', 'clang', 'go', 'cargo', 'rustc', 'java', 'javac', 'mvn', 'gradle', 'ruby', 'bundle', 'rake',
  'sh', 'bash', 'head', 'tail', 'wc', 'sort', 'uniq', 'cut', 'tr', 'sed', 'awk', 'tee', 'xargs', 'diff', 'cmp', 'rg', 'fd', 'tree', 'stat', 'file',
  'du', 'df', 'date', 'sleep', 'seq', 'printf', 'true', 'false', 'test', '[', 'which', 'basename', 'dirname', 'realpath', 'env', 'time', 'timeout',
  'nice', 'mkdir', 'touch', 'cp', 'mv', 'ln', 'tar', 'gzip', 'gunzip', 'zip', 'unzip', 'jq', 'sha256sum', 'md5sum', 'cd', 'export', 'set', 'exit',
  'uname', 'id', 'whoami', 'hostname', 'nproc', 'ps', 'wait', 'command', 'type', 'yes',
]
/** What only looks: it needs to write nowhere, and is run so that it cannot where the mode says that. */
// oxfmt-ignore
const looking = [
  ...['ls', 'pwd', 'echo', 'cat', 'grep', 'rg', 'fd', 'find', 'head', 'tail', 'wc', 'sort', 'uniq', 'cut', 'tr', 'diff', 'cmp', 'tree', 'stat', 'file'],
  ...['du', 'df', 'date', 'which', 'basename', 'dirname', 'realpath', 'true', 'false', 'test', '[', 'jq', 'sha256sum', 'md5sum', 'uname', 'id', 'whoami'],
  ...['hostname', 'nproc', 'ps', 'printf', 'seq', 'cd', 'type'],
  ...['git status', 'git diff', 'git log', 'git show', 'git blame', 'git ls-files', 'git rev-parse', 'git shortlog', 'git describe'],
]
/** What may be wanted, but not unseen: it leaves the machine, or cannot be taken back. */
const asked = [
  'git push *',
  'git reset --hard *',
  'git clean *',
  'npm publish *',
  'pnpm publish *',
  'yarn publish *',
  'npm exec *',
  'npm x *',
  'rm *',
]
/** What never works in the sandbox, and should not be tried on a person's behalf. */
const denied = [
  'sudo *',
  'su *',
  'doas *',
  'mount *',
  'umount *',
  'shutdown *',
  'reboot *',
  'mkfs *',
  'dd of=/dev/*',
  'systemctl *',
  'insmod *',
]

/**
 * What the owner of this machine lets tasks do: the owner's own file (`policy-file.ts`), outside the workspace. Rules are words of a
 * command; a last `*` stands for any further words. Deny beats ask beats allow. This steers what people are asked;
 * what a command *can* do is decided by the sandbox.
 */
export const Policy = z.strictObject({
  version: z.literal(1).default(1),
  sandbox: z
    .strictObject({
      /** Further paths that commands must not change, relative to the folder. */
      protect: z.array(z.string()).default([]),
      /** Names of files whose content commands must not see; `.env.example` and the like are shown. */
      hide: z.array(z.string()).default(['.env', '.env.*']),
      /** Where the system lets nobody open namespaces: refuse every command, or take walls that hold less. */
      onUnavailable: z.enum(['refuse', 'reduced']).default('refuse'),
    })
    .prefault({}),
  commands: z
    .strictObject({
      mode: Mode.default('auto-edit'),
      default: z.enum(['allow', 'ask', 'deny']).default('ask'),
      allow: Rules.default([...founding, ...common].map((name) => `${name} *`)),
      ask: Rules.default(asked),
      /** Of what is allowed, that which changes nothing. */
      look: Rules.default(looking.map((name) => `${name} *`)),
      deny: Rules.default(denied),
    })
    .prefault({}),
  /** What commands may read, or write too, beside the workspace and folders of their own for HOME and TMPDIR [S173]. */
  paths: z.array(GrantedPath).max(50).default([]),
  /** Which files a rule can allow by their path, `./build.sh` say [S175]; others are asked about. */
  execExtensions: z.array(z.string().regex(/^\.\w{1,20}$/)).default(['.js', '.ts', '.py', '.sh']),
  network: NetworkPolicy.prefault({}),
  limits: Limits.default(defaultLimits),
  /** What one snippet may use; those that ask for more run as Node, and then have `limits`. */
  isolate: IsolateLimits.default(defaultIsolateLimits),
  /** What runs code that asks for a container [S171]; without an image there is none. */
  containers: ContainerPolicy.prefault({}),
})
export type Policy = z.infer<typeof Policy>

export const defaultPolicy: Policy = Policy.parse({})

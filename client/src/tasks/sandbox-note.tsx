import type { Task } from '@tandem/shared'
import type { SandboxState } from '@tandem/shared/docs'
import { ShieldAlert, ShieldOff } from 'lucide-react'
import { useMirrors } from '../session/mirrors.ts'
import { sandboxes, tierWords } from '../session/sandbox-words.ts'
import { Fix } from '../ui/fix.tsx'
import styles from './tasks.module.css'

/** What a person must know before running a command: nothing where the sandbox is whole. */
export function SandboxNotes() {
  const mirrors = useMirrors()
  return sandboxes(mirrors).map(({ on, sandbox }) => {
    const where = mirrors.length > 1 ? `${on.name}: ` : ''
    const { tier } = sandbox
    if (tier === 'full') return undefined
    return (
      <p
        key={on.id}
        className={tier === 'reduced' ? styles.reduced : styles.unsafe}
        role={tier === 'none' ? 'alert' : undefined}
      >
        {tier === 'reduced' ? <ShieldAlert size={14} aria-hidden /> : <ShieldOff size={14} aria-hidden />}
        <span>
          {where}
          <SandboxWords sandbox={sandbox} />
        </span>
      </p>
    )
  })
}

/** How commands run on a machine, why no better, and what to do about it. */
function SandboxWords({ sandbox: { tier, reason, fix } }: { sandbox: SandboxState }) {
  if (tier === 'unsafe' || reason === undefined) return tierWords[tier].sentence
  return (
    <>
      {tier === 'none' ? 'Commands are refused' : 'The sandbox is reduced'}: {reason.replace(/\.$/, '')}.{' '}
      {fix !== undefined && <Fix text={fix} />}
    </>
  )
}

/** On each task that did not run, or does not run, behind the whole walls: that it did not. */
export function SandboxBadge({ task }: { task: Task | undefined }) {
  const mirrors = useMirrors()
  const now = task?.lease && mirrors.find(({ id }) => id === task.lease?.daemonId)?.sandbox?.tier
  const tier = task?.result?.sandbox ?? (now === 'unsafe' ? 'none' : now)
  if (tier !== 'none' && tier !== 'reduced') return undefined
  return (
    <span className={styles.badge} data-sandbox={tier}>
      {tier === 'none' ? 'no sandbox' : 'reduced sandbox'}
    </span>
  )
}

/** Where commands run, in the words of an empty list. */
export const whereCommandsRun = (sandbox: SandboxState | undefined): string =>
  sandbox?.tier === 'full' || sandbox?.tier === 'reduced'
    ? 'Commands run in the workspace’s folder, in a sandbox; everyone here sees their output.'
    : 'Commands run in the workspace’s folder; everyone here sees their output.'

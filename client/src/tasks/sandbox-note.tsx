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
  return sandboxes(mirrors).map(({ on, sandbox: { tier, reason, fix } }) => {
    const where = mirrors.length > 1 ? `${on.name}: ` : ''
    if (tier === 'full') return undefined
    if (tier === 'reduced')
      return (
        <details key={on.id} className={styles.lessens}>
          <summary>
            <ShieldAlert size={14} aria-hidden /> {where}
            {tierWords.reduced.sentence}
          </summary>
          <p>
            {reason !== undefined && `${reason.replace(/\.$/, '')}.`} {fix !== undefined && <Fix text={fix} />}
          </p>
        </details>
      )
    return (
      <p key={on.id} className={styles.unsafe} role={tier === 'none' ? 'alert' : undefined}>
        <ShieldOff size={14} aria-hidden />
        <span>
          {where}
          {tier === 'unsafe' || reason === undefined
            ? tierWords[tier].sentence
            : `Commands are refused: ${reason.replace(/\.$/, '')}.`}
          {tier === 'none' && fix !== undefined && (
            <span className={styles.fix}>
              {' '}
              <Fix text={fix} />
            </span>
          )}
        </span>
      </p>
    )
  })
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

import type { SandboxState } from '@tandem/shared/docs'
import { ShieldOff } from 'lucide-react'
import styles from './tasks.module.css'

/** What a person must know before running a command: nothing where the sandbox is whole. */
export function SandboxNote({ sandbox }: { sandbox: SandboxState | undefined }) {
  if (sandbox?.tier === 'unsafe') {
    return (
      <p className={styles.unsafe}>
        <ShieldOff size={14} aria-hidden /> Commands run here without a sandbox: they can reach everything their
        daemon’s user can.
      </p>
    )
  }
  if (sandbox?.tier !== 'none') return undefined
  return (
    <p className={styles.unsafe} role="alert">
      <ShieldOff size={14} aria-hidden /> Commands are refused: {sandbox.reason ?? 'there is no sandbox'}. {sandbox.fix}
    </p>
  )
}

/** Where commands run, in the words of an empty list. */
export const whereCommandsRun = (sandbox: SandboxState | undefined): string =>
  sandbox?.tier === 'full' || sandbox?.tier === 'reduced'
    ? 'Commands run in the workspace’s folder, in a sandbox; everyone here sees their output.'
    : 'Commands run in the workspace’s folder; everyone here sees their output.'

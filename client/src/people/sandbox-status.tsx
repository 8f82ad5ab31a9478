import type { SandboxState } from '@tandem/shared/docs'
import { Shield, ShieldAlert, ShieldOff } from 'lucide-react'
import { useMirrors } from '../session/mirrors.ts'
import { sandboxes, tierWords, type Tier } from '../session/sandbox-words.ts'
import { Fix } from '../ui/fix.tsx'
import { Popover } from '../ui/popover.tsx'
import styles from './people.module.css'

const icons: Readonly<Record<Tier, typeof Shield>> = {
  full: Shield,
  reduced: ShieldAlert,
  none: ShieldOff,
  unsafe: ShieldOff,
}

/** What stands between a command and the machines: quiet where it is whole, in colour and words where it is not. */
export function SandboxStatus() {
  const weakest = sandboxes(useMirrors())[0]
  return weakest && <Opens tier={weakest.sandbox.tier} text={tierWords[weakest.sandbox.tier].short} />
}

/** For every view: that commands run without a sandbox. Nothing where they do not. */
export function UnsafeMark() {
  const isUnsafe = sandboxes(useMirrors()).some(({ sandbox }) => sandbox.tier === 'unsafe')
  return isUnsafe && <Opens tier="unsafe" text="No sandbox" isMark />
}

function Opens({ tier, text, isMark = false }: { tier: Tier; text: string; isMark?: boolean }) {
  const Icon = icons[tier]
  return (
    <Popover
      align={isMark ? 'end' : 'start'}
      trigger={
        <button type="button" className={isMark ? styles.unsafeMark : styles.sandbox} data-tier={tier}>
          <Icon size={isMark ? 14 : 12} aria-hidden /> {text}
        </button>
      }
    >
      <SandboxDetails />
    </Popover>
  )
}

/** Each machine that is here: how commands run on it, why, and what to do about it. */
export function SandboxDetails() {
  const list = sandboxes(useMirrors())
  if (list.length === 0) return undefined
  return (
    <ul className={styles.sandboxes} aria-label="Sandbox">
      {list.map(({ on, sandbox }) => {
        const Icon = icons[sandbox.tier]
        return (
          <li key={on.id} data-tier={sandbox.tier}>
            <Icon size={14} aria-hidden />
            <span>
              <strong>{on.name}:</strong> {tierWords[sandbox.tier].sentence} <Why {...sandbox} />
            </span>
          </li>
        )
      })}
    </ul>
  )
}

const Why = ({ reason, fix }: Partial<SandboxState>) =>
  reason !== undefined && (
    <span className={styles.why}>
      {reason.replace(/\.$/, '')}. {fix !== undefined && <Fix text={fix} />}
    </span>
  )

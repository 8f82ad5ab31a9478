import { visibleText } from '@tandem/shared'
import type { AgentChoice, AgentOffer } from '@tandem/shared/docs'
import { Bot, HardDrive, KeyRound, SquareTerminal } from 'lucide-react'
import { Button } from '../ui/button.tsx'
import { Fix } from '../ui/fix.tsx'
import styles from './chat.module.css'

const kinds = {
  local: { title: 'Models on that machine', Icon: HardDrive },
  agent: { title: 'Agents on its path', Icon: SquareTerminal },
  provider: { title: 'With a key', Icon: KeyRound },
  helper: { title: 'Without any key', Icon: Bot },
} as const
const order = ['local', 'agent', 'provider', 'helper'] as const

type FirstSightProps = {
  offer: AgentOffer
  model: string | undefined
  onUse: (name: string) => void
}

/** Before anything was asked: what was found on the daemon's machine, each one click away, and where a key goes. */
export function FirstSight({ offer, model, onUse }: FirstSightProps) {
  const using = model ?? offer.default
  return (
    <div className={styles.first}>
      <h3>Ask the agent</h3>
      <p>
        It reads, edits and runs in the same files as you, and each change can be kept or undone. This is what the
        daemon found.
      </p>
      {order.map((kind) => {
        const choices = offer.choices.filter((each) => each.kind === kind)
        if (choices.length === 0 && kind !== 'provider') return undefined
        const { title, Icon } = kinds[kind]
        return (
          <section key={kind} aria-label={title}>
            <h4>
              <Icon size={13} aria-hidden /> {title}
            </h4>
            <ul>
              {choices.map((choice) => (
                <Choice key={choice.name} choice={choice} isUsed={choice.name === using} onUse={onUse} />
              ))}
            </ul>
            {kind === 'provider' && (
              <p className={styles.quiet}>
                <Fix text={offer.keys} />
              </p>
            )}
          </section>
        )
      })}
    </div>
  )
}

function Choice({ choice, isUsed, onUse }: { choice: AgentChoice; isUsed: boolean; onUse: (name: string) => void }) {
  const { name, title, note, why } = choice
  const shown = visibleText(title)
  return (
    <li className={styles.choice}>
      <span>
        <strong>{shown}</strong>
        {(why ?? note) !== undefined && <span className={styles.quiet}>{visibleText(why ?? note ?? '')}</span>}
      </span>
      {why === undefined && (
        <Button
          aria-label={isUsed ? `${shown} is used` : `Use ${shown}`}
          aria-pressed={isUsed}
          onClick={() => onUse(name)}
        >
          {isUsed ? 'Used' : 'Use'}
        </Button>
      )}
    </li>
  )
}

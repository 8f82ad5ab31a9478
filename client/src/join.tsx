import { type InviteLook, messageOf } from '@tandem/shared'
import { useState } from 'react'
import { ProviderButton } from './provider-button.tsx'
import { takeInvite } from './session/people.ts'
import { chosenName } from './session/start.ts'
import { roleWords } from './settings/roles.ts'
import { Button } from './ui/button.tsx'
import styles from './welcome.module.css'

type JoinProps = {
  invite: string
  look: InviteLook
  /** The name of whoever is signed in here already. */
  as: string | undefined
}

/** Somebody was invited: into what, by whom, as what; and under which name they come. */
export function Join({ invite, look, as }: JoinProps) {
  const [name, setName] = useState(as ?? chosenName() ?? '')
  const [isJoining, setJoining] = useState(false)
  const [trouble, setTrouble] = useState<string>()
  const join = async () => {
    setJoining(true)
    try {
      await takeInvite(invite, name.trim())
      location.reload()
    } catch (e) {
      setTrouble(messageOf(e))
      setJoining(false)
    }
  }
  return (
    <form
      className={styles.join}
      onSubmit={(e) => {
        e.preventDefault()
        void join()
      }}
    >
      <h1>Join {look.workspace}</h1>
      <p>
        {look.invitedBy} invites you as {look.role}: you {roleWords[look.role]}.
      </p>
      {as === undefined && (
        <label>
          Your name, as others see it
          <input
            value={name}
            maxLength={80}
            required
            autoComplete="name"
            onChange={(e) => setName(e.currentTarget.value)}
          />
        </label>
      )}
      <Button type="submit" variant="primary" disabled={isJoining || name.trim() === ''}>
        {as === undefined ? 'Join' : `Join as ${as}`}
      </Button>
      {as === undefined && <ProviderButton invite={invite} />}
      {trouble !== undefined && (
        <p className={styles.trouble} role="alert">
          {trouble}
        </p>
      )}
    </form>
  )
}

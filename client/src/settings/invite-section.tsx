import type { InviteInfo, Role } from '@tandem/shared'
import { useState } from 'react'
import type { People } from '../session/people.ts'
import { useSession } from '../session/session-context.ts'
import { Button } from '../ui/button.tsx'
import { useRemote } from '../ui/use-remote.ts'
import { LifeChoice, RoleChoice, Trouble } from './fields.tsx'
import { RemoteList } from './remote-list.tsx'
import { roleWords } from './roles.ts'
import { SecretOnce } from './secret-once.tsx'
import styles from './settings.module.css'
import { until } from './until.ts'
import { useAction } from './use-action.ts'

const day = 86_400_000
const lives = { '1 day': day, '7 days': 7 * day, '30 days': 30 * day }

/** A link that makes whoever opens it a member, and the links that are still good. */
export function InviteSection({ people, mayInvite }: { people: People; mayInvite: boolean }) {
  if (!mayInvite) return <p>Only an owner invites people.</p>
  return <Invites people={people} />
}

function Invites({ people }: { people: People }) {
  const invites = useRemote(people.invites)
  const [role, setRole] = useState<Role>('editor')
  const [expiresInMs, setExpiresInMs] = useState(7 * day)
  const [uses, setUses] = useState(1)
  const [url, setUrl] = useState<string>()
  const { run, isRunning, trouble } = useAction(invites[1])
  return (
    <>
      <form
        className={styles.form}
        onSubmit={(e) => {
          e.preventDefault()
          run(async () => setUrl((await people.invite({ role, expiresInMs, uses })).url))
        }}
      >
        <RoleChoice label="They become" value={role} onChange={setRole} />
        <LifeChoice value={expiresInMs} lives={lives} onChange={setExpiresInMs} />
        <label>
          How many people
          <input
            type="number"
            min={1}
            max={1_000}
            value={uses}
            onChange={(e) => setUses(Math.max(1, Math.min(1_000, Math.floor(Number(e.currentTarget.value) || 1))))}
          />
        </label>
        <Button type="submit" variant="primary" disabled={isRunning}>
          Make a link
        </Button>
        <p className={styles.note}>Whoever opens it {roleWords[role]}.</p>
      </form>
      <Trouble text={trouble} />
      {url !== undefined && (
        <SecretOnce
          label="Invite link"
          text={url}
          advice="It is shown only now. Give it to nobody but whom you want to have here."
        />
      )}
      <h3>Open invites</h3>
      <RemoteList of={invites} what="the invites" empty="No link is open.">
        {(list) => (
          <ul className={styles.list} aria-label="Open invites">
            {list.map((invite) => (
              <Invite key={invite.id} invite={invite} people={people} onChanged={invites[1]} />
            ))}
          </ul>
        )}
      </RemoteList>
    </>
  )
}

function Invite({ invite, people, onChanged }: { invite: InviteInfo; people: People; onChanged: () => void }) {
  const session = useSession()
  const { run, isRunning, trouble } = useAction(onChanged)
  return (
    <li>
      <span className={styles.name}>
        {invite.role}
        <small>{invite.note}</small>
      </span>
      <span className={styles.quiet}>
        {invite.usesLeft === 1 ? 'for one person' : `for ${invite.usesLeft} people`}
        {', '}until {until(invite.expiresAt, session.serverNow())}
      </span>
      <Button variant="quiet" disabled={isRunning} onClick={() => run(() => people.revokeInvite(invite.id))}>
        Revoke
      </Button>
      <Trouble text={trouble} />
    </li>
  )
}

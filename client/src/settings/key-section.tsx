import { atLeast, type KeyInfo, type Role } from '@tandem/shared'
import { useState } from 'react'
import type { People } from '../session/people.ts'
import { useSession } from '../session/session-context.ts'
import { Button } from '../ui/button.tsx'
import { relativeTime } from '../ui/relative-time.ts'
import { useRemote } from '../ui/use-remote.ts'
import { LifeChoice, RoleChoice, Trouble } from './fields.tsx'
import { RemoteList } from './remote-list.tsx'
import { roleWords } from './roles.ts'
import { SecretOnce } from './secret-once.tsx'
import styles from './settings.module.css'
import { until } from './until.ts'
import { useAction } from './use-action.ts'

const day = 86_400_000
const lives = { '30 days': 30 * day, '90 days': 90 * day, '1 year': 365 * day, 'no end': 0 }

/** Keys for scripts and programs that act in one's own name: made here, shown once, withdrawn at any time. */
export function KeySection({ people, role: mine }: { people: People; role: Role }) {
  const keys = useRemote(people.keys)
  const [name, setName] = useState('')
  const [role, setRole] = useState<Role>(atLeast(mine, 'editor') ? 'editor' : mine)
  const [lifeMs, setLifeMs] = useState(90 * day)
  const [made, setMade] = useState<string>()
  const { run, isRunning, trouble } = useAction(keys[1])
  return (
    <>
      <form
        className={styles.form}
        onSubmit={(e) => {
          e.preventDefault()
          run(async () => {
            const { key } = await people.makeKey({ name, role, ...(lifeMs > 0 && { expiresInMs: lifeMs }) })
            setMade(key)
            setName('')
          })
        }}
      >
        <label>
          What it is for
          <input
            value={name}
            maxLength={80}
            required
            placeholder="nightly build"
            onChange={(e) => setName(e.currentTarget.value)}
          />
        </label>
        <RoleChoice label="At most as" value={role} allowed={(each) => atLeast(mine, each)} onChange={setRole} />
        <LifeChoice value={lifeMs} lives={lives} onChange={setLifeMs} />
        <Button type="submit" variant="primary" disabled={isRunning || name.trim() === ''}>
          Make a key
        </Button>
        <p className={styles.note}>
          Who has it {roleWords[role]}, in your name. What the API offers is at{' '}
          <a href="/docs" target="_blank" rel="noreferrer">
            /docs
          </a>
          .
        </p>
      </form>
      <Trouble text={trouble} />
      {made !== undefined && (
        <SecretOnce
          label="API key"
          text={made}
          advice="It is shown only now, and the server keeps no copy. Keep it as you would a password."
        />
      )}
      <h3>Your keys</h3>
      <RemoteList of={keys} what="the keys" empty="You have no key yet.">
        {(list) => (
          <ul className={styles.list} aria-label="Your keys">
            {list.map((key) => (
              <Key key={key.id} info={key} people={people} onChanged={keys[1]} />
            ))}
          </ul>
        )}
      </RemoteList>
    </>
  )
}

function Key({ info, people, onChanged }: { info: KeyInfo; people: People; onChanged: () => void }) {
  const session = useSession()
  const now = session.serverNow()
  const { run, isRunning, trouble } = useAction(onChanged)
  const used = info.lastUsedAt === undefined ? 'never used' : `used ${relativeTime(info.lastUsedAt, now)}`
  const ends =
    info.expiresAt === undefined ? 'no end' : info.expiresAt <= now ? 'expired' : `until ${until(info.expiresAt, now)}`
  return (
    <li>
      <span className={styles.name}>
        {info.name}
        <small>
          <code title={info.prefix}>…{info.prefix.slice(-6)}</code>
        </small>
      </span>
      <span className={styles.quiet}>
        {info.role}, {ends}, {used}
      </span>
      {info.kind === 'own' || info.kind === 'paired' ? (
        <Button
          variant="quiet"
          aria-label={`Withdraw ${info.name}`}
          disabled={isRunning}
          onClick={() => run(() => people.removeKey(info.id))}
        >
          Withdraw
        </Button>
      ) : (
        <span className={styles.quiet}>{info.kind === 'owner' ? 'of this machine' : 'from the settings'}</span>
      )}
      <p className={styles.note}>May: {info.scopes.join(', ')}</p>
      <Trouble text={trouble} />
    </li>
  )
}

import { roles, type MemberInfo, type Role } from '@tandem/shared'
import { useCallback, useMemo, useState } from 'react'
import type { People } from '../session/people.ts'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Button } from '../ui/button.tsx'
import { useRemote } from '../ui/use-remote.ts'
import { RoleOptions, Trouble } from './fields.tsx'
import { RemoteList } from './remote-list.tsx'
import { roleWords } from './roles.ts'
import styles from './settings.module.css'
import { useAction } from './use-action.ts'

type PeopleSectionProps = { people: People; me: string; mayChange: boolean }

/** Who takes part, with which role. Daemons and programs stand with the people who brought them. */
export function PeopleSection({ people, me, mayChange }: PeopleSectionProps) {
  const members = useRemote(people.members)
  const session = useSession()
  const { peers } = useView(session.peers)
  const daemons = useView(session.ops.daemons)
  const here = useMemo(
    () =>
      new Set([
        ...peers.map((p) => p.user.id),
        ...[...daemons.values()].filter((d) => d.connection === 'online').map((d) => d.id),
      ]),
    [peers, daemons],
  )
  return (
    <>
      {!mayChange && <p>Only an owner changes who takes part.</p>}
      <RemoteList of={members} what="the members" empty="Nobody takes part yet.">
        {(list) => (
          <ul className={styles.list} aria-label="Members">
            {list
              .toSorted((a, b) => order(a) - order(b) || a.name.localeCompare(b.name))
              .map((member) => (
                <Member
                  key={member.id}
                  member={member}
                  isMe={member.id === me}
                  isHere={member.id === me || here.has(member.id)}
                  mayChange={mayChange}
                  people={people}
                  onChanged={members[1]}
                />
              ))}
          </ul>
        )}
      </RemoteList>
    </>
  )
}

const order = ({ kind, role }: MemberInfo) => (kind === 'person' ? 0 : 100) - roles.indexOf(role)

type MemberProps = {
  member: MemberInfo
  isMe: boolean
  isHere: boolean
  mayChange: boolean
  people: People
  onChanged: () => void
}

function Member({ member, isMe, isHere, mayChange, people, onChanged }: MemberProps) {
  const [leaving, setLeaving] = useState(false)
  const changed = useCallback(() => {
    setLeaving(false)
    onChanged()
  }, [onChanged])
  const { run, isRunning, trouble } = useAction(changed)
  const kind = member.kind === 'person' ? undefined : member.kind === 'daemon' ? 'machine' : 'program'
  return (
    <li>
      <i className={styles.here} data-here={isHere || undefined} role="img" aria-label={isHere ? 'here now' : 'away'} />
      <span className={styles.name}>
        {member.name}
        <small>{[isMe && 'you', kind].filter(Boolean).join(', ')}</small>
      </span>
      {mayChange && member.kind === 'person' ? (
        <select
          aria-label={`Role of ${member.name}`}
          value={member.role}
          disabled={isRunning}
          onChange={(e) => run(() => people.setRole(member.id, e.currentTarget.value as Role))}
        >
          <RoleOptions />
        </select>
      ) : (
        <span className={styles.quiet}>{member.role}</span>
      )}
      {mayChange &&
        (leaving ? (
          <span className={styles.sure}>
            <Button variant="danger" disabled={isRunning} onClick={() => run(() => people.removeMember(member.id))}>
              Remove {member.name}
            </Button>
            <Button variant="quiet" onClick={() => setLeaving(false)}>
              Keep
            </Button>
          </span>
        ) : (
          <Button variant="quiet" aria-label={`Remove ${member.name}…`} onClick={() => setLeaving(true)}>
            Remove…
          </Button>
        ))}
      <p className={styles.note}>
        {leaving
          ? `Closes what ${isMe ? 'you have' : `${member.name} has`} open here, at once. What was written stays.`
          : roleWords[member.role]}
      </p>
      <Trouble text={trouble} />
    </li>
  )
}

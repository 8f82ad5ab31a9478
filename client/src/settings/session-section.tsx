import type { SessionInfo } from '@tandem/shared'
import type { People } from '../session/people.ts'
import { useSession } from '../session/session-context.ts'
import { Button } from '../ui/button.tsx'
import { relativeTime } from '../ui/relative-time.ts'
import { useRemote } from '../ui/use-remote.ts'
import { Trouble } from './fields.tsx'
import { RemoteList } from './remote-list.tsx'
import styles from './settings.module.css'
import { useAction } from './use-action.ts'

/** The browsers in which one is signed in, and the way out of each. */
export function SessionSection({ people }: { people: People }) {
  const sessions = useRemote(people.sessions)
  const { run, isRunning, trouble } = useAction(sessions[1])
  return (
    <>
      <RemoteList of={sessions} what="the sign-ins" empty="You are signed in by a key, not by a browser.">
        {(list) => (
          <>
            <ul className={styles.list} aria-label="Signed-in browsers">
              {list.map((each) => (
                <Browser
                  key={each.id}
                  of={each}
                  isRunning={isRunning}
                  onEnd={() =>
                    run(async () => {
                      await people.endSession(each.id)
                      // What was typed is kept on this device; the page says that nobody is signed in.
                      if (each.current) location.reload()
                    })
                  }
                />
              ))}
            </ul>
            {list.length > 1 && (
              <Button disabled={isRunning} onClick={() => run(people.endOtherSessions)}>
                Sign out everywhere else
              </Button>
            )}
          </>
        )}
      </RemoteList>
      <Trouble text={trouble} />
    </>
  )
}

function Browser({ of, isRunning, onEnd }: { of: SessionInfo; isRunning: boolean; onEnd: () => void }) {
  const now = useSession().serverNow()
  return (
    <li>
      <span className={styles.name}>
        {of.browser}
        <small>{of.current && 'this one'}</small>
      </span>
      <span className={styles.quiet}>
        signed in {relativeTime(of.createdAt, now)}, used {relativeTime(of.usedAt, now)}
      </span>
      <Button variant="quiet" disabled={isRunning} onClick={onEnd}>
        Sign out{of.current ? ' here' : ''}
      </Button>
    </li>
  )
}

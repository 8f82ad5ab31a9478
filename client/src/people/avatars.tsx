import type { ComponentProps, CSSProperties } from 'react'
import type { Id } from '@tandem/shared'
import type { Peer } from '../session/peers.ts'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { Popover } from '../ui/popover.tsx'
import { Tip } from '../ui/tip.tsx'
import { MyName } from './my-name.tsx'
import styles from './people.module.css'

const shown = 5

/** Who is here: circles are people, squares are agents. A click goes to where they are. */
export function Avatars({ onGoTo }: { onGoTo: (file: Id) => void }) {
  const session = useSession()
  const { peers, own } = useView(session.peers)
  const { claims } = useView(session.identity)
  const here = peers.filter((p) => p.user.kind !== 'daemon')
  return (
    <ul className={styles.avatars} aria-label="Who is here">
      {here.slice(0, shown).map((peer) => (
        <li key={peer.clientId}>
          <PeerAvatar peer={peer} onGoTo={onGoTo} />
        </li>
      ))}
      {here.length > shown && <li className={styles.others}>+{here.length - shown}</li>}
      <li>
        <Popover
          trigger={
            <Face name={claims.name} kind="human" hue={own} aria-label={`${claims.name} (you): change your name`} />
          }
        >
          <MyName />
        </Popover>
      </li>
    </ul>
  )
}

function PeerAvatar({ peer, onGoTo }: { peer: Peer; onGoTo: (file: Id) => void }) {
  const { byId } = useView(useSession().files)
  const path = peer.file === undefined ? undefined : byId.get(peer.file)?.path
  const label = path === undefined ? `${peer.user.name} is here` : `${peer.user.name} is in ${path}`
  return (
    <Tip text={label}>
      <Face
        name={peer.user.name}
        kind={peer.user.kind}
        hue={peer.hue}
        aria-label={label}
        onClick={() => peer.file !== undefined && onGoTo(peer.file)}
      />
    </Tip>
  )
}

type FaceProps = ComponentProps<'button'> & {
  name: string
  kind: Peer['user']['kind']
  hue: number
  style?: CSSProperties
}

/** Somebody's initials in their shape and hue. */
export const Face = ({ name, kind, hue, ...rest }: FaceProps) => (
  <button
    type="button"
    {...rest}
    className={styles.face}
    data-kind={kind === 'human' ? 'human' : 'agent'}
    data-hue={hue + 1}
  >
    {initialsOf(name)}
  </button>
)

/** "Mira Okafor" → "MO"; one word gives its first two letters. */
function initialsOf(name: string): string {
  const words = name.split(/[\s._-]+/).filter(Boolean)
  const letters = words.length > 1 ? words.slice(0, 2).map((w) => [...w][0] ?? '') : [...(words[0] ?? '?')].slice(0, 2)
  return letters.join('').toUpperCase()
}

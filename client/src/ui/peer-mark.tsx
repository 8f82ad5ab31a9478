import styles from './peer-mark.module.css'

type PeerMarkProps = { peer: { user: { kind: string }; hue: number }; title: string }

/** Somebody is at this file: a dot for a person, a square for an agent, in their colour. */
export const PeerMark = ({ peer, title }: PeerMarkProps) => (
  <i
    className={styles.mark}
    data-kind={peer.user.kind === 'human' ? 'human' : 'agent'}
    data-hue={peer.hue + 1}
    title={title}
  />
)

import type { WorkspaceInfo } from '@tandem/shared'
import { Join } from './join.tsx'
import { ProviderButton } from './provider-button.tsx'
import type { Start } from './session/start.ts'
import { Button } from './ui/button.tsx'
import { Mark } from './ui/mark.tsx'
import styles from './welcome.module.css'

type WelcomeProps = { begin: Exclude<Start, { to: 'open' }>; onTryAgain: () => void }

const reasons = {
  expired: {
    title: 'This link is not valid any more',
    text: 'Every start of Tandem prints a new link. Open the one it printed last, or ask for a new one.',
  },
  needed: {
    title: 'Open Tandem by its link',
    text: 'The program prints a link when it starts. Opening it once signs this browser in.',
  },
  unreachable: {
    title: 'The server does not answer',
    text: 'Is Tandem running on that machine? Nothing that was kept on this device is lost.',
  },
} as const

/** Before a workspace is open: which one, whose invite, or how to get in. */
export const Welcome = ({ begin, onTryAgain }: WelcomeProps) => (
  <main className={styles.welcome}>
    <div className={styles.panel}>
      <p className={styles.brand}>
        <Mark /> Tandem
      </p>
      <Inside begin={begin} onTryAgain={onTryAgain} />
    </div>
  </main>
)

function Inside({ begin, onTryAgain }: WelcomeProps) {
  switch (begin.to) {
    case 'choose':
      return <Choice workspaces={begin.workspaces} offline={begin.offline} />
    case 'join':
      return <Join invite={begin.invite} look={begin.look} as={begin.as} />
    case 'not-invited':
      return (
        <>
          <h1>This invite is not good any more</h1>
          <p>{begin.why}</p>
        </>
      )
    case 'sign-in':
      return (
        <>
          <h1>{reasons[begin.reason].title}</h1>
          <p>{reasons[begin.reason].text}</p>
          <Button variant="primary" onClick={onTryAgain}>
            Try again
          </Button>
          {begin.reason !== 'unreachable' && <ProviderButton />}
        </>
      )
    default:
      return begin satisfies never
  }
}

const Choice = ({ workspaces, offline }: { workspaces: readonly WorkspaceInfo[]; offline: boolean }) => (
  <>
    <h1>{workspaces.length > 0 ? 'Choose a workspace' : 'There is no workspace here yet'}</h1>
    <p>
      {offline
        ? 'The server does not answer. These were opened on this device and work offline.'
        : workspaces.length === 0
          ? 'Start a daemon in a folder to make one:'
          : undefined}
    </p>
    {workspaces.length === 0 && (
      <pre>
        npm run tandem -- login --server {location.origin} && npm run tandem -- daemon FOLDER --server {location.origin}
      </pre>
    )}
    <ul>
      {workspaces.map((workspace) => (
        <li key={workspace.id}>
          <a href={`/?ws=${workspace.id}`}>
            {workspace.name}
            <span>{workspace.role}</span>
          </a>
        </li>
      ))}
    </ul>
  </>
)

import { atLeast } from '@tandem/shared'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'

/** Why nothing can be restored or named just now; undefined where it can. */
export function useWhyNot(): string | undefined {
  const session = useSession()
  const { claims } = useView(session.identity)
  const { phase } = useView(session.link)
  const { writable, reason } = useView(session.words)
  if (!atLeast(claims.role, 'editor')) return `As ${claims.role} you may look at the past, not bring it back.`
  if (phase !== 'connected') return 'Restoring and naming versions need the server: they wait for the connection.'
  if (!writable) return `The server takes no changes now${reason === undefined ? '' : `: ${reason}`}.`
  return undefined
}

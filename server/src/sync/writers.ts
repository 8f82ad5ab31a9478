import type * as Y from 'yjs'

/** The ids that a transaction brought changes of. */
export const writersIn = ({ beforeState, afterState }: Y.Transaction): number[] => {
  const clients: number[] = []
  for (const [client, clock] of afterState) if (beforeState.get(client) !== clock) clients.push(client)
  return clients
}

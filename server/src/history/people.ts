import type { Author, Cause, Id } from '@tandem/shared'

type Named = { name: string }
type Deps = {
  serverId: Id
  /** People and programs, also those who are members no more. */
  users: { get(id: Id): Named | undefined }
  members: { get(id: Id): (Named & { kind: string }) | undefined }
  /** Daemons that were ever here, and whose they are. */
  daemons: { ownerOf(id: Id): Id | undefined }
}

/** Says who a principal is, as history shows it. */
export type People = (principal: Id, cause?: Cause) => Author

export function createPeople({ serverId, users, members, daemons }: Deps): People {
  const called = (id: Id): Pick<Author, 'name' | 'kind'> => {
    if (id === serverId) return { name: 'Tandem', kind: 'server' }
    const member = members.get(id)
    const isDaemon = member?.kind === 'daemon' || daemons.ownerOf(id) !== undefined
    if (isDaemon) return { name: member?.name ?? 'a machine that has left', kind: 'disk' }
    return { name: (users.get(id) ?? member)?.name ?? 'somebody who has left', kind: 'person' }
  }
  return (id, cause) => {
    const { name, kind } = called(id)
    return { id, name, kind: cause?.run === undefined ? kind : 'agent', ...(cause && { cause }) }
  }
}

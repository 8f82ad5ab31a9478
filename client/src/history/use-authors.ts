import { type Id, type Step, visibleText } from '@tandem/shared'
import { useMemo, useState } from 'react'
import { authorName } from '../session/author-words.ts'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'

/** By whom one may filter: members, daemons, and whoever stands in the steps seen so far. Names by id. */
export function useAuthors(steps: readonly Step[]): ReadonlyMap<Id, string> {
  const session = useSession()
  const { claims } = useView(session.identity)
  const members = useView(session.ops.members)
  const daemons = useView(session.ops.daemons)
  // A filter must not make the others disappear.
  const [seen, setSeen] = useState<ReadonlyMap<Id, string>>(new Map())
  const fresh = steps.filter(({ author }) => !seen.has(author.id))
  if (fresh.length > 0)
    setSeen(
      new Map([...seen, ...fresh.map(({ author }) => [author.id, authorName(author, claims.principal)] as const)]),
    )
  return useMemo(
    () =>
      new Map([
        ...[...members.values()].map(({ id, name }) => [id, visibleText(name)] as const),
        ...[...daemons.values()].map(({ id, name }) => [id, authorName({ id, name, kind: 'disk' }, id)] as const),
        ...seen,
        [claims.principal, 'you'],
      ]),
    [claims.principal, members, daemons, seen],
  )
}

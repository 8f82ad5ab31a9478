import type { Id, TerminalSize } from '@tandem/shared'
import type { TerminalDrive } from '@tandem/shared/docs'
import { useEffect, useMemo, useState } from 'react'
import { useDoc, useSession } from '../../session/session-context.ts'
import { useView } from '../../session/use-view.ts'
import { isReply } from './replies.ts'
import type { Screen } from './screen.ts'
import { createTyping } from './typing.ts'

type Options = {
  task: Id
  attempt: number
  screen: Screen | undefined
  /** The size that would fill our view. */
  fits: TerminalSize | undefined
  drive: TerminalDrive | undefined
  isLive: () => boolean
  mayType: boolean
}

/** While a view is being drawn larger, its size is said only so often, ms. */
const settlesWithinMs = 100

/** Says what is typed at a screen, and how large our view is, to whom it concerns; why it did not arrive, in words. */
export function useTyping({ task, attempt, screen, fits, drive, isLive, mayType }: Options): string | undefined {
  const { clock, identity } = useSession()
  const { principal, session } = useView(identity).claims
  const handle = useDoc({ kind: 'requests', principal, session })
  const [trouble, setTrouble] = useState<string>()
  const typing = useMemo(
    () =>
      handle &&
      createTyping({
        task,
        attempt,
        send: (message) => handle.provider.sendStateless(JSON.stringify(message)),
        onTrouble: setTrouble,
      }),
    [handle, task, attempt],
  )
  const isMine = drive?.session === session

  useEffect(() => typing && handle?.onStateless(typing.hear), [typing, handle])
  useEffect(() => {
    if (!mayType) typing?.drop()
  }, [typing, mayType])
  // Ours is known before we type: whoever takes over has their size at once.
  const [isSaid, setSaid] = useState(false)
  const { cols, rows } = fits ?? {}
  useEffect(() => {
    if (!typing || !mayType || cols === undefined || rows === undefined) return
    const say = () => {
      typing.resize({ cols, rows })
      setSaid(true)
    }
    return clock.after(isSaid ? settlesWithinMs : 0, say)
    // oxlint-disable-next-line react/exhaustive-deps -- that it was said is no reason to say it again
  }, [typing, mayType, cols, rows])
  useEffect(() => {
    if (!screen || !typing || !mayType) return
    const stop = screen.onData((data) => {
      if (isReply(data) && !(isMine && isLive())) return
      setTrouble(undefined)
      typing.type(data)
    })
    return stop
  }, [screen, typing, mayType, isMine, isLive])
  return trouble
}

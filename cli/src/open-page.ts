import { openReach, type ReachOptions } from '@tandem/daemon/reach'
import { SignInLink, messageOf } from '@tandem/shared'
import openWithSystem from 'open'

type Deps = {
  /** The way to the server from here, the address that people open, and the owner's key. */
  to: ReachOptions
  publicUrl: string
  token: string
  open?: (address: string) => Promise<unknown>
}

/**
 * Opens the page in the person's browser. A command line can be read by every user of the machine, so the browser is
 * not given the owner's key but a link that signs in once. Never rejects; undefined, or why nothing was opened.
 */
export async function openPage({ to, publicUrl, token, open = openWithSystem }: Deps): Promise<string | undefined> {
  try {
    const reach = await openReach(to)
    const headers = { authorization: `Bearer ${token}` }
    const answer = await reach.fetch('/api/v1/session/link', { method: 'POST', headers })
    const link = SignInLink.parse(await answer.json())
    await reach.close()
    await open(pageUrl(publicUrl, link.token))
    return undefined
  } catch (e) {
    return messageOf(e)
  }
}

/** The page's address with what signs it in; a fragment is never sent to a server, nor logged. */
export const pageUrl = (url: string, token: string): string => `${url.replace(/\/$/, '')}/#token=${token}`

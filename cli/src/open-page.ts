import { SignInLink, messageOf } from '@tandem/shared'
import openWithSystem from 'open'

type Deps = {
  /** The server's address, and the owner's key. */
  url: string
  token: string
  open?: (address: string) => Promise<unknown>
}

/**
 * Opens the page in the person's browser. A command line can be read by every user of the machine, so the browser is
 * not given the owner's key but a link that signs in once. Never rejects; undefined, or why nothing was opened.
 */
export async function openPage({ url, token, open = openWithSystem }: Deps): Promise<string | undefined> {
  try {
    const answer = await fetch(`${url}/api/v1/session/link`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    })
    const link = SignInLink.parse(await answer.json())
    await open(pageUrl(url, link.token))
    return undefined
  } catch (e) {
    return messageOf(e)
  }
}

/** The page's address with what signs it in; a fragment is never sent to a server, nor logged. */
export const pageUrl = (url: string, token: string): string => `${url.replace(/\/$/, '')}/#token=${token}`

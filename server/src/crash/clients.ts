import { HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import { createId, sendNowOrNever } from '@tandem/shared'
import type { Api } from './api.ts'
import { openWriter, type Writer } from './writer.ts'

/** One client's socket with several texts on it. */
export type Client = {
  open(name: string): Writer
  /** The server is at another address now; the client finds it by trying again, as it always does. */
  moveTo(url: string): void
  onEnd(call: () => void): void
  end(): void
}

type Options = { id: string; api: Api; workspaceId: string; url: string; random: () => number }

export function openClient({ id, api, workspaceId, url, random }: Options): Client {
  const session = createId()
  const address = (at: string) => `${at.replace('http', 'ws')}/api/ws?ws=${workspaceId}`
  const socket = new HocuspocusProviderWebsocket({ url: address(url), delay: 20, minDelay: 20, maxDelay: 150 })
  sendNowOrNever(socket)
  const writers: Writer[] = []
  const ends: (() => void)[] = []
  return {
    open: (name) => {
      const token = async () => (await api.token(session)).token
      const writer = openWriter({ id: `${id}d${writers.length}`, socket, name, token, random })
      writers.push(writer)
      return writer
    },
    moveTo: (at) => socket.setConfiguration({ url: address(at) }),
    onEnd: (call) => ends.push(call),
    end: () => {
      for (const call of ends) call()
      for (const writer of writers) writer.end()
      socket.destroy()
    },
  }
}

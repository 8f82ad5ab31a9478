import { z } from 'zod'

const Message = z.discriminatedUnion('t', [
  z.object({
    t: z.literal('update'),
    doc: z.string(),
    update: z.custom<Uint8Array>((v) => v instanceof Uint8Array),
    /** Whether the sender's own connection carries it to the server. */
    live: z.boolean(),
  }),
  z.object({ t: z.literal('counted') }),
])
type Message = z.infer<typeof Message>

/** Carries changes between the tabs of one browser, so that two tabs see each other with no server in reach. */
export function openTabsBridge(name: string, on: (message: Message) => void) {
  const channel = new BroadcastChannel(name)
  channel.onmessage = ({ data }) => {
    // Another tab may run an older build of ours.
    const parsed = Message.safeParse(data)
    if (parsed.success) on(parsed.data)
  }
  return {
    post: (message: Message) => channel.postMessage(message),
    close: () => channel.close(),
  }
}

export type TabsBridge = ReturnType<typeof openTabsBridge>

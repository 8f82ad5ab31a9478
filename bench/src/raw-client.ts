import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'

/** One socket speaking the protocol of Hocuspocus by hand, so that the client costs next to nothing. */
export type RawClient = {
  /** Opens a document; resolves when the server has sent all of it. `onUpdate` gets that and every later change. */
  open(name: string, onUpdate?: (update: Uint8Array) => void): Promise<void>
  /** Sends a change; resolves when the server acknowledged it. */
  send(name: string, update: Uint8Array): Promise<void>
  close(): void
}

const types = { sync: 0, auth: 2, status: 8 }
const [stepOne, stepTwo, change] = [0, 1, 2]

type Opened = { onUpdate: ((update: Uint8Array) => void) | undefined; synced: () => void; waiting: (() => void)[] }

export async function openRawClient(url: string, token: string): Promise<RawClient> {
  const socket = new WebSocket(url)
  socket.binaryType = 'arraybuffer'
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve(), { once: true })
    socket.addEventListener('error', () => reject(new Error(`cannot connect to ${url}`)), { once: true })
  })
  const openedByName = new Map<string, Opened>()
  const frame = (name: string, type: number, write: (e: encoding.Encoder) => void) => {
    const e = encoding.createEncoder()
    encoding.writeVarString(e, name)
    encoding.writeVarUint(e, type)
    write(e)
    socket.send(encoding.toUint8Array(e) as Uint8Array<ArrayBuffer>)
  }
  const hear = (data: Uint8Array) => {
    // The server's ping has no name and wants `[10]` back.
    if (data.length === 1) return socket.send(Uint8Array.of(10))
    const d = decoding.createDecoder(data)
    const name = decoding.readVarString(d)
    const opened = openedByName.get(name)
    const type = decoding.readVarUint(d)
    if (type === types.status) opened?.waiting.shift()?.()
    if (type !== types.sync) return
    const step = decoding.readVarUint(d)
    const bytes = decoding.readVarUint8Array(d)
    if (step === stepTwo) opened?.synced()
    if (step !== stepOne) opened?.onUpdate?.(bytes)
  }
  socket.addEventListener('message', ({ data }) => hear(new Uint8Array(data as ArrayBuffer)))
  return {
    open: (name, onUpdate) =>
      new Promise((resolve) => {
        openedByName.set(name, { onUpdate, synced: resolve, waiting: [] })
        frame(name, types.auth, (e) => {
          encoding.writeVarUint(e, 0)
          encoding.writeVarString(e, token)
          encoding.writeVarString(e, '4.8.0')
        })
        frame(name, types.sync, (e) => {
          encoding.writeVarUint(e, stepOne)
          encoding.writeVarUint8Array(e, Y.encodeStateVector(new Y.Doc()))
        })
      }),
    send: (name, update) =>
      new Promise((resolve) => {
        openedByName.get(name)?.waiting.push(resolve)
        frame(name, types.sync, (e) => {
          encoding.writeVarUint(e, change)
          encoding.writeVarUint8Array(e, update)
        })
      }),
    close: () => socket.close(),
  }
}

/** Sends all of them with at most `window` on their way; resolves when the last is acknowledged. */
export async function sendAll(client: RawClient, name: string, updates: readonly Uint8Array[], window = 100) {
  let next = 0
  const lane = async () => {
    for (let update = updates[next++]; update; update = updates[next++]) await client.send(name, update)
  }
  await Promise.all(Array.from({ length: window }, lane))
}

/** The changes of a text that grows by one letter at a time. */
export function typedUpdates(count: number): Uint8Array[] {
  const doc = new Y.Doc()
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  const text = doc.getText('content')
  for (let i = 0; i < count; i++) text.insert(i, 'abcdefgh '[i % 9] ?? 'x')
  return updates
}

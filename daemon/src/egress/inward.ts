import { createServer, type Server, type Socket } from 'node:net'
import { TandemError, type Clock } from '@tandem/shared'

/** The way in to the servers of one command: ports of this machine's loopback that lead to the same ports inside. */
export type Inward = {
  /** Takes the ports, and listens on a unix socket at this path for connections that the inside offers. */
  listen(path: string): Promise<void>
  close(): Promise<void>
}

/** Of each port, so many offers are kept, and so many who come may wait for one. */
const maxOffers = 16
const maxWaiting = 32
const waitMs = 10_000
const maxConnections = 256

/**
 * Opens ports on 127.0.0.1. Nothing outside ever goes in by itself: the inside offers connections, and who comes to a port is
 * joined to one of them, so that no path or address that a command could have changed is followed. `listen` throws
 * `port-busy` where another program has one of the ports.
 */
export function createInward(ports: readonly number[], clock: Pick<Clock, 'after'>): Inward {
  const sockets = new Set<Socket>()
  const servers: Server[] = []
  const doors = new Map(ports.map((port) => [port, { offers: new Set<Socket>(), waiting: new Set<Socket>() }]))

  const join = ({ offers, waiting }: { offers: Set<Socket>; waiting: Set<Socket> }) => {
    const [[offer], [client]] = [offers, waiting]
    if (!offer || !client) return
    offers.delete(offer)
    waiting.delete(client)
    offer.write('\n')
    client.on('error', () => offer.destroy())
    offer.on('error', () => client.destroy())
    client.pipe(offer).pipe(client)
  }
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => {})
  }
  const onOffer = (offer: Socket) => {
    keep(offer)
    offer.once('data', (line: Buffer) => {
      const door = doors.get(Number(line.toString('latin1')))
      if (!door || door.offers.size >= maxOffers) return offer.destroy()
      // What it says before anybody came is for nobody.
      offer.pause()
      door.offers.add(offer)
      offer.once('close', () => door.offers.delete(offer))
      join(door)
    })
  }
  const onClient = (port: number) => (client: Socket) => {
    keep(client)
    const door = doors.get(port)
    if (!door || door.waiting.size >= maxWaiting) return client.destroy()
    client.pause()
    door.waiting.add(client)
    const cancel = clock.after(waitMs, () => door.waiting.has(client) && client.destroy())
    client.once('close', () => {
      cancel()
      door.waiting.delete(client)
    })
    join(door)
  }
  const open = (server: Server, at: { path: string } | { port: number; host: string }) =>
    new Promise<void>((resolve, reject) => {
      servers.push(server)
      server.maxConnections = maxConnections
      server.once('error', reject)
      server.listen(at, resolve)
    })
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
  }

  return {
    listen: async (path) => {
      await open(createServer({ allowHalfOpen: true }, onOffer), { path })
      for (const port of ports) {
        try {
          await open(createServer({ allowHalfOpen: true }, onClient(port)), { port, host: '127.0.0.1' })
        } catch (e) {
          await close()
          const reason = `port ${port} of this machine is taken`
          throw (e as NodeJS.ErrnoException).code === 'EADDRINUSE' ? new TandemError('port-busy', { reason }, e) : e
        }
      }
    },
    close,
  }
}

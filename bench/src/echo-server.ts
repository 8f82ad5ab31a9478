import { Server } from '@hocuspocus/server'

// The floor: Hocuspocus as it comes, everything in memory, in a process of its own as ours is. Tells its port and ends
// with its parent.
const server = new Server({ port: 0, quiet: true, stopOnSignals: false })
await server.listen()
process.send?.({ port: server.address.port })
process.on('disconnect', () => process.exit(0))

import { closeSync, openSync, writeSync } from 'node:fs'
import { connect, createServer } from 'node:net'

// Run inside the walls of one command, as plain JavaScript that is handed over as text: no type may be written here.
// Inside there is no network but the loopback interface, on which this listens; all it does is carry bytes to the
// proxy's socket. It decides nothing, and whoever goes past it finds no other way.

const [port, socket] = process.argv.slice(1)

const server = createServer({ allowHalfOpen: true }, (client) => {
  const proxy = connect({ path: String(socket), allowHalfOpen: true })
  client.on('error', () => proxy.destroy())
  proxy.on('error', () => client.destroy())
  client.pipe(proxy).pipe(client)
})
server.listen(Number(port), '127.0.0.1', () => {
  // Whoever started it waits for this, and for the end of what it could say.
  writeSync(1, 'ready')
  closeSync(1)
  // It takes the number that has come free: Node gives up where a connection has it.
  openSync('/dev/null', 'w')
})
// A command that is asked to end may have something left to say; this ends with the last of it.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => {})

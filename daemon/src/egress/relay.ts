import { closeSync, writeSync } from 'node:fs'
import { connect, createServer } from 'node:net'

// Run inside the walls of one command, as plain JavaScript that is handed over as text: no type may be written here.
// Inside there is no network but the loopback interface. On it this listens, and carries bytes to the proxy's socket;
// and it offers connections to whoever outside may reach a server of the command's. It decides nothing, and whoever
// goes past it finds no other way.

const [port, folder, ports = ''] = process.argv.slice(1)
/** So many that a page's requests need not wait for one another. */
const offers = 8

const server = createServer({ allowHalfOpen: true }, (client) => {
  const proxy = connect({ path: `${folder}/out`, allowHalfOpen: true })
  client.on('error', () => proxy.destroy())
  proxy.on('error', () => client.destroy())
  client.pipe(proxy).pipe(client)
})
server.listen(Number(port), '127.0.0.1', () => {
  // Whoever started it waits for this, and for the end of what it could say. Not its output: Node gives up where a
  // connection comes to have the number of one of those.
  writeSync(3, 'ready')
  closeSync(3)
})

for (const inner of ports.split(',').filter(Boolean)) {
  const offer = () => {
    const outer = connect({ path: `${folder}/in`, allowHalfOpen: true })
    outer.write(`${inner}\n`)
    // Ends with the proxy, and then all of this does.
    outer.on('error', () => {})
    // Its first byte says that somebody has come.
    outer.once('data', (bytes) => {
      offer()
      const own = connect({ host: 'localhost', port: Number(inner), allowHalfOpen: true })
      own.on('error', () => outer.destroy())
      outer.on('error', () => own.destroy())
      if (bytes.length > 1) own.write(bytes.subarray(1))
      outer.pipe(own).pipe(outer)
    })
  }
  for (let i = 0; i < offers; i++) offer()
}

// A command that is asked to end may have something left to say; this ends with the last of it.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => {})

import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A connection between two programs on this machine that can be cut. */
export type Line = {
  /** Where the near side connects. */
  port: number
  cut(): void
  /** Resolves with the moment (`performance.now()`) in which somebody is through again. */
  mend(): Promise<number>
  close(): void
}

/** A port that passes everything on to another one, until it is cut. */
export async function openLine(port: number): Promise<Line> {
  const sockets = new Set<Socket>()
  let isCut = false
  let through = () => {}
  const listener = createServer((near) => {
    if (isCut) return near.destroy()
    through()
    const far = connect(port, '127.0.0.1')
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.setNoDelay(true).pipe(other)
      one.on('error', () => other.destroy()).on('close', () => (sockets.delete(one), other.destroy()))
    }
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    isCut = true
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (listener.address() as AddressInfo).port,
    cut,
    mend: () =>
      new Promise<number>((resolve) => {
        through = () => resolve(performance.now())
        isCut = false
      }),
    close: () => {
      cut()
      listener.close()
    },
  }
}

import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** For tests: a cable to a server on this machine that can be pulled. */
export async function cable(port: number) {
  const ends = new Set<Socket>()
  let isPulled = false
  const proxy = createServer((near) => {
    if (isPulled) return near.destroy()
    const far = connect(port, '127.0.0.1')
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      ends.add(one)
      one.on('error', () => other.destroy()).on('close', () => (ends.delete(one), other.destroy()))
      one.pipe(other)
    }
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const pull = () => {
    isPulled = true
    for (const end of ends) end.destroy()
  }
  onTestFinished(() => (pull(), void proxy.close()))
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, pull, plug: () => (isPulled = false) }
}

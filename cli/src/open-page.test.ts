import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { openPage } from './open-page.ts'

/** A server that makes links for whoever has the key, as the real one does. */
async function linkServer(): Promise<string> {
  const server = createServer((request, response) => {
    const known = request.url === '/api/v1/session/link' && request.headers.authorization === 'Bearer tdm_key'
    response.writeHead(known ? 201 : 401).end(JSON.stringify(known ? { token: 'tdl_once', expiresAt: 1 } : {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
const at = (server: string) => ({ to: { server, insecure: false }, publicUrl: server })

test('[ACC-21] the browser is given a link that signs in once, so that no command line shows the key', async () => {
  const url = await linkServer()
  const opened: string[] = []
  expect(
    await openPage({ ...at(url), token: 'tdm_key', open: async (address) => opened.push(address) }),
  ).toBeUndefined()
  expect(opened).toEqual([`${url}/#token=tdl_once`])
})

test('[ACC-21] a browser that cannot be opened is of no consequence', async () => {
  const url = await linkServer()
  const fails = () => Promise.reject(new Error('no browser'))
  expect(await openPage({ ...at(url), token: 'tdm_key', open: fails })).toBe('no browser')
  expect(await openPage({ ...at(url), token: 'wrong', open: () => Promise.resolve() })).toBeDefined()
})

import { expect, test } from 'vitest'
import { acknowledged, testClient, testServer } from './test-server.ts'

test('[S42] the server stands alone: without a page it serves sockets and REST, and says where the page would be', async () => {
  const server = await testServer()
  const page = await fetch(server.url)
  expect([page.status, await page.text()]).toEqual([503, expect.stringContaining('The page is not built yet')])
  const writing = await testClient(server)
  const { provider, text } = await writing.open({ kind: 'file', fileId: '01J00000000000000000000000' })
  text.insert(0, 'by socket')
  await acknowledged(provider)
  expect((await server.inWorkspace('/files')).status).toBe(200)
})

test('[S41] by default everything is at one address of this machine alone', async () => {
  const server = await testServer()
  expect(server.url).toBe(`http://127.0.0.1:${server.port}`)
  expect(server.publicUrl).toBe(server.url)
})

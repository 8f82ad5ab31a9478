import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '@tandem/shared'
import { expect, onTestFinished, test } from 'vitest'
import { createFetch } from '../../egress/fetch.ts'
import { Policy } from '../../sandbox/policy.ts'
import { agentReach, fetchTool } from './fetch.ts'

const context = { callId: 'c', signal: new AbortController().signal, note: async () => {} }

async function site() {
  const server = createServer((req, res) => {
    if (req.url === '/away') return res.writeHead(302, { location: 'https://example.invalid/' }).end()
    if (req.url === '/image') return res.writeHead(200, { 'content-type': 'image/png' }).end(Buffer.from([1, 2]))
    const is = req.url === '/page'
    return res.writeHead(is ? 200 : 404, { 'content-type': 'text/plain' }).end(is ? 'hello' : 'none')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('[S238] [AGT-131] what was allowed is fetched, GET and HEAD alone, and a redirect leads nowhere else', async () => {
  const url = await site()
  const policy = Policy.parse({ network: { allowPrivate: ['127.0.0.1'] } })
  const tool = fetchTool((besides) =>
    createFetch({ reach: agentReach(policy, besides), clock: systemClock, record: () => {} }),
  )
  const page = await tool.run({ url: `${url}/page` }, context)
  expect(page.text).toContain('200 OK')
  expect(page.text).toMatch(/\n\nhello$/)
  expect(await tool.run({ url: `${url}/none` }, context)).toMatchObject({ isError: true, details: { status: 404 } })
  expect((await tool.run({ url: `${url}/image` }, context)).text).toContain('(no text)')
  const away = await tool.run({ url: `${url}/away` }, context)
  expect(away).toMatchObject({ isError: true, text: expect.stringContaining('URL_NOT_ALLOWED') as string })
  await expect(tool.run({ url: `${url}/page`, method: 'POST' }, context)).rejects.toThrow()
  await expect(tool.run({ url: 'file:///etc/passwd' }, context)).rejects.toThrow()
})

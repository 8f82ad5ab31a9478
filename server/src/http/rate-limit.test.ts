import { expect, test } from 'vitest'
import { createApiKey } from '../auth/api-keys.ts'
import { testServer } from '../test-server.ts'

test('[S314] [ACC-87] every answer says how many requests are left; beyond them, when to come again', async () => {
  const server = await testServer({ flags: { requestsPerMinute: 3 } })
  const first = await server.inWorkspace('/files')
  expect(first.headers.get('ratelimit-limit')).toBe('3')
  expect(first.headers.get('ratelimit-remaining')).toBe('2')
  expect(first.headers.get('ratelimit-reset')).toBe('20')
  await server.inWorkspace('/files')
  await server.api('/files')
  const refused = await server.inWorkspace('/files')
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(10)
  expect(refused.headers.get('ratelimit-remaining')).toBe('0')
  expect(await refused.json()).toMatchObject({ code: 'rate-limited', detail: expect.stringContaining('perMinute 3') })
  // Each caller for itself, and one who shows nothing by address.
  expect((await fetch(`${server.url}/api/health`)).status).toBe(200)
})

test('[ACC-85] failed sign-ins are counted for who stands behind a declared proxy, not for the proxy', async () => {
  const server = await testServer({ flags: { failedSignInsPerMinute: 1, trustedProxies: '127.0.0.1,::1' } })
  const by = async (address: string) =>
    (
      await fetch(`${server.url}/api/v1/workspaces`, {
        headers: { authorization: `Bearer ${createApiKey()}`, 'x-forwarded-for': address },
      })
    ).status
  expect(await by('1.2.3.4')).toBe(401)
  expect(await by('1.2.3.4')).toBe(429)
  expect(await by('5.6.7.8')).toBe(401)
})

test('[ACC-85] nobody is believed who is no declared proxy', async () => {
  const server = await testServer({ flags: { failedSignInsPerMinute: 1 } })
  const by = async (address: string) =>
    (
      await fetch(`${server.url}/api/v1/workspaces`, {
        headers: { authorization: `Bearer ${createApiKey()}`, 'x-forwarded-for': address },
      })
    ).status
  expect(await by('1.2.3.4')).toBe(401)
  expect(await by('5.6.7.8')).toBe(429)
})

test('[S314] who makes up another key for each request is one caller all the same', async () => {
  const server = await testServer({ flags: { requestsPerMinute: 5, failedSignInsPerMinute: 1_000 } })
  const made: Promise<Response>[] = Array.from({ length: 6 }, (_, i) =>
    fetch(`${server.url}/api/health`, { headers: { authorization: `Bearer ${i}` } }),
  )
  const refused = (await Promise.all(made)).filter(({ status }) => status === 429)
  expect(refused).toHaveLength(1)
  expect((await server.api('/api/health')).status).toBe(200)
})

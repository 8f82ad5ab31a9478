import { Health, NewInviteAnswer } from '@tandem/shared'
import { expect, test, vi } from 'vitest'
import { attemptLifeMs } from '../auth/oidc.ts'
import { testBrowser, testProvider } from '../test-provider.ts'
import { testServer } from '../test-server.ts'

/** A server with a provider at which Noor signs in. */
async function rig(flags: Record<string, unknown> = {}, options: Parameters<typeof testServer>[0] = {}) {
  const person = { sub: 'noor@provider', name: 'Noor' }
  const provider = await testProvider(person)
  const server = await testServer({ ...options, flags: { ...provider.settings, ...flags } })
  const callback = `${server.url}/api/v1/oidc/callback`
  provider.open(callback)
  const browser = testBrowser()
  const login = `${server.url}/api/v1/oidc/login`
  /** Up to the address that the provider sends the browser back to. */
  const toCallback = async (from = login, as = browser) => {
    const { to } = await as.follow(from, (address) => address.startsWith(callback))
    return to ?? ''
  }
  const page = async ({ answer }: Awaited<ReturnType<typeof browser.visit>>) => ({
    status: answer.status,
    text: await answer.text(),
    headers: answer.headers,
  })
  const who = async (as = browser) => {
    const { answer } = await as.visit(`${server.url}/api/v1/session`)
    return answer.ok ? ((await answer.json()) as { principal: string; name: string }) : answer.status
  }
  const members = async () =>
    ((await (await server.inWorkspace('/members')).json()) as { members: { id: string; name: string; role: string }[] })
      .members
  return { server, person, provider, browser, login, toCallback, page, who, members }
}

test('[ACC-70] a person signs in at the provider, and is who they were when they come again', async () => {
  const { server, browser, login, who, members, person } = await rig({ oidcRole: 'editor' })
  person.name = 'No\u202Eor\n'
  const last = await browser.follow(login, (address) => address === `${server.url}/`)
  expect(last.to).toBe(`${server.url}/`)
  expect(last.answer.headers.getSetCookie().join()).toMatch(/tandem_\w{8}=[\w-]{43}; .*HttpOnly; SameSite=Strict/)
  const first = await who()
  expect(first).toMatchObject({ name: 'Noor' })

  const elsewhere = testBrowser()
  person.name = 'Noor of elsewhere'
  await elsewhere.follow(login, (address) => address === `${server.url}/`)
  expect(await who(elsewhere)).toEqual(first)
  person.sub = 'mira@provider'
  const mira = testBrowser()
  await mira.follow(login, (address) => address === `${server.url}/`)
  expect(await who(mira)).not.toEqual(first)
  expect((await members()).map(({ role }) => role).toSorted()).toEqual(['editor', 'editor', 'owner'])
})

test('[ACC-71] without a role for everybody, who is no member is told to ask for an invite; an invite lets them in', async () => {
  const { server, browser, login, page, who, members } = await rig()
  const refused = await page(await browser.follow(login))
  expect(refused).toMatchObject({ status: 403, text: expect.stringContaining('Ask an owner for an invite') })
  expect(await who()).toBe(401)

  const body = JSON.stringify({ role: 'commenter' })
  const made = NewInviteAnswer.parse(await (await server.inWorkspace('/invites', { method: 'POST', body })).json())
  const token = new URLSearchParams(new URL(made.url).hash.slice(1)).get('invite') ?? ''
  await browser.follow(`${login}?invite=${token}`, (address) => address === `${server.url}/`)
  expect(await who()).toMatchObject({ name: 'Noor' })
  expect(await members()).toContainEqual(expect.objectContaining({ name: 'Noor', role: 'commenter' }))

  const used = await page(await testBrowser().follow(`${login}?invite=${token}x`))
  expect(used).toMatchObject({ status: 404, text: expect.stringContaining('There is no such link') })
})

test('[ACC-71] who was removed does not come back by signing in again', async () => {
  const { server, browser, login, page, who, members } = await rig({ oidcRole: 'runner' })
  await browser.follow(login, (address) => address === `${server.url}/`)
  const noor = (await members()).find(({ name }) => name === 'Noor')
  expect((await server.inWorkspace(`/members/${noor?.id}`, { method: 'DELETE' })).status).toBe(204)
  expect(await page(await browser.follow(login))).toMatchObject({ status: 403 })
  expect(await who()).not.toMatchObject({ name: 'Noor' })
})

test('[ACC-72] an answer with another state, another nonce, or for another browser signs nobody in', async () => {
  const { browser, login, toCallback, page, who } = await rig({ oidcRole: 'editor' })
  const forged = new URL(await toCallback())
  forged.searchParams.set('state', 'of-somebody-else')
  expect(await page(await browser.visit(forged.href))).toMatchObject({ status: 401 })

  const { to = '' } = await browser.visit(login)
  const asked = new URL(to)
  asked.searchParams.set('nonce', 'of-somebody-else')
  expect(await page(await browser.visit(await toCallback(asked.href)))).toMatchObject({ status: 401 })

  const stranger = testBrowser()
  expect(await page(await stranger.visit(await toCallback()))).toMatchObject({
    status: 401,
    text: expect.stringContaining('did not begin in this browser'),
  })
  expect([await who(), await who(stranger)]).toEqual([401, 401])
})

test('[ACC-72] a code works once, and not too late', async () => {
  const { browser, login, toCallback, page, who } = await rig({ oidcRole: 'editor' })
  const first = await toCallback()
  await browser.visit(first)
  const ticket = await browser.visit(login) // A fresh ticket does not make an old code good.
  const state = new URL(ticket.to ?? '').searchParams.get('state') ?? ''
  const replayed = new URL(first)
  replayed.searchParams.set('state', state)
  expect(await page(await browser.visit(replayed.href))).toMatchObject({ status: 401 })

  const begun = await browser.visit(login)
  const callback = await toCallback(begun.to)
  const headers = { cookie: begun.answer.headers.getSetCookie()[0]?.split(';')[0] ?? '' }
  expect((await fetch(callback, { headers, redirect: 'manual' })).status).toBe(303)
  expect(await (await fetch(callback, { headers, redirect: 'manual' })).text()).toContain(
    'did not begin in this browser',
  )

  const late = testBrowser()
  const tooLate = await toCallback(login, late)
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 120_000 })
  try {
    expect(await page(await late.visit(tooLate))).toMatchObject({
      status: 401,
      text: expect.stringContaining('invalid_grant'),
    })
  } finally {
    vi.useRealTimers()
  }
  expect(await who(late)).toBe(401)
})

test('[ACC-72] a sign-in that takes too long begins anew', async () => {
  let aheadMs = 0
  const clock = { now: () => Date.now() + aheadMs, after: () => () => {} }
  const { browser, toCallback, page } = await rig({ oidcRole: 'editor' }, { clock })
  const callback = await toCallback()
  aheadMs = attemptLifeMs
  expect(await page(await browser.visit(callback))).toMatchObject({
    status: 401,
    text: expect.stringContaining('took too long'),
  })
})

test('[ACC-73] what goes wrong is a plain page: nothing of it runs, nothing of it is secret, and a provider that is away shuts nobody else out', async () => {
  const { server, provider, browser, toCallback, page } = await rig({ oidcRole: 'editor' })
  const callback = new URL(await toCallback())
  const code = callback.searchParams.get('code') ?? ''
  callback.searchParams.delete('code')
  callback.searchParams.set('error', '<script>alert(1)</script>')
  const shown = await page(await browser.visit(callback.href))
  expect(shown.status).toBe(401)
  expect(shown.text).toContain('&lt;script&gt;')
  expect(shown.text).not.toContain('<script')
  for (const secret of [code, provider.settings.oidcClientSecret]) expect(shown.text).not.toContain(secret)
  expect(shown.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(shown.headers.get('cache-control')).toBe('no-store')

  const away = await testServer({ flags: { ...provider.settings, oidcIssuer: 'http://127.0.0.1:1' } })
  expect((await fetch(`${away.url}/api/v1/oidc/login`)).status).toBe(503)
  expect((await away.api('/api/v1/session')).status).toBe(200)
  expect(JSON.stringify(server.lines)).not.toContain(provider.settings.oidcClientSecret)
})

test('[ACC-74] the page is told of the provider; half of a provider is refused at the start', async () => {
  const { server, provider } = await rig()
  const health = async (url: string) => Health.parse(await (await fetch(`${url}/api/health`)).json())
  expect((await health(server.url)).oidc).toEqual({ name: new URL(provider.issuer).host })
  const without = await testServer()
  expect((await health(without.url)).oidc).toBeUndefined()
  expect((await fetch(`${without.url}/api/v1/oidc/login`)).status).toBe(404)
  const { oidcIssuer, oidcClientId } = provider.settings
  await expect(testServer({ flags: { oidcIssuer, oidcClientId } })).rejects.toMatchObject({
    code: 'config-invalid',
    message: expect.stringContaining('missing: oidcClientSecret'),
  })
  const plain = { ...provider.settings, oidcIssuer: 'http://login.example' }
  await expect(testServer({ flags: plain })).rejects.toThrow('oidcIssuer must begin with https://')
})

test('[ACC-70] [ACC-63] behind a proxy the browser is sent to the address that people use, and its cookies keep to TLS', async () => {
  const { login } = await rig({ publicUrl: 'https://tandem.example' })
  const { answer, to } = await testBrowser().visit(login)
  expect([answer.status, to]).toEqual([302, 'https://tandem.example/api/v1/oidc/login?moved='])
  const begun = await testBrowser().visit(`${login}?moved=`)
  expect(new URL(begun.to ?? '').searchParams.get('redirect_uri')).toBe('https://tandem.example/api/v1/oidc/callback')
  expect(begun.answer.headers.getSetCookie().join()).toMatch(/_oidc=.*HttpOnly; Secure; SameSite=Lax/)
})

import './ui/base.css'
import './ui/tokens.css'
import './ui/fonts.css'
import axe from 'axe-core'
import { createRoot } from 'react-dom/client'
import { expect, onTestFinished, test, vi } from 'vitest'
import { page } from 'vitest/browser'
import { Welcome } from './welcome.tsx'
import type { Start } from './session/start.ts'

const look = { workspace: 'plans', role: 'editor', invitedBy: 'Mira', expiresAt: 1 } as const

/** The first page, of a server that says this of itself. */
async function open(begin: Exclude<Start, { to: 'open' }>, said: object) {
  document.documentElement.lang = 'en'
  const health = { ready: true, reasons: [], version: '1', ...said }
  const asked = vi.spyOn(window, 'fetch').mockImplementation(async () => Response.json(health))
  const host = document.body.appendChild(document.createElement('div'))
  const root = createRoot(host)
  root.render(<Welcome begin={begin} onTryAgain={() => {}} />)
  onTestFinished(() => {
    root.unmount()
    host.remove()
    asked.mockRestore()
  })
  await expect.poll(() => asked.mock.calls.length).toBe(1)
  return page.getByRole('link', { name: 'Sign in with login.example' })
}

test('[ACC-74] the page offers the provider’s sign-in', async () => {
  const said = { oidc: { name: 'login.example' } }
  const link = await open({ to: 'sign-in', reason: 'needed' }, said)
  await expect.element(link).toHaveAttribute('href', '/api/v1/oidc/login')
  const { violations } = await axe.run(document.body, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] })
  expect(violations.map(({ id }) => id)).toEqual([])
})

test('[ACC-74] who is invited may come by the provider', async () => {
  const said = { oidc: { name: 'login.example' } }
  const link = await open({ to: 'join', invite: 'tdi_a b', look, as: undefined }, said)
  await expect.element(link).toHaveAttribute('href', '/api/v1/oidc/login?invite=tdi_a%20b')
})

test('[ACC-74] where there is no provider, nothing is offered', async () => {
  const link = await open({ to: 'sign-in', reason: 'needed' }, {})
  expect(link.elements()).toEqual([])
})

import { createId } from '@tandem/shared'
import { fakeClock } from '@tandem/shared/testing'
import { expect, test } from 'vitest'
import { createSignInLinks, linkLifeMs } from './sign-in-links.ts'

const keyId = createId()

test('[ACC-21] a sign-in link works once', () => {
  const links = createSignInLinks(fakeClock())
  const { token } = links.make(keyId)
  expect(links.redeem(`${token}x`)).toBeUndefined()
  expect(links.redeem(token)).toBe(keyId)
  expect(links.redeem(token)).toBeUndefined()
})

test('[ACC-21] a sign-in link that was not used in time works no more', () => {
  const clock = fakeClock()
  const links = createSignInLinks(clock)
  const { token, expiresAt } = links.make(keyId)
  expect(expiresAt).toBe(linkLifeMs)
  clock.advance(linkLifeMs)
  expect(links.redeem(token)).toBeUndefined()
})

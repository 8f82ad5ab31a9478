import { expect, test } from 'vitest'
import { createAddressOf } from './address.ts'

test('[ACC-85] only a proxy that is named is believed about whom it speaks for, and only what it wrote itself', () => {
  const direct = createAddressOf({ trustedProxies: [] })
  expect(direct({ remote: '::ffff:10.0.0.1', forwardedFor: '1.2.3.4' })).toBe('10.0.0.1')
  const addressOf = createAddressOf({ trustedProxies: ['10.0.0.0/8', '::1'] })
  expect(addressOf({ remote: '10.0.0.1', forwardedFor: '1.2.3.4' })).toBe('1.2.3.4')
  expect(addressOf({ remote: '::1', forwardedFor: '9.9.9.9, 1.2.3.4, 10.0.0.2' })).toBe('1.2.3.4')
  expect(addressOf({ remote: '8.8.8.8', forwardedFor: '1.2.3.4' })).toBe('8.8.8.8')
  expect(addressOf({ remote: '10.0.0.1', forwardedFor: undefined })).toBe('10.0.0.1')
  expect(addressOf({ remote: '10.0.0.1', forwardedFor: 'nonsense' })).toBe('nonsense')
})

import { expect, test } from 'vitest'
import { browserName } from './browser-name.ts'

test('[ACC-46] a browser is called what people call it', () => {
  const webkit = 'AppleWebKit/537.36 (KHTML, like Gecko)'
  expect(browserName(`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webkit} Chrome/141.0 Safari/537.36 Edg/141.0`)).toBe(
    'Edge on Windows',
  )
  expect(browserName(`Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${webkit} Version/19.0 Safari/605.1.15`)).toBe(
    'Safari on macOS',
  )
  expect(browserName(`Mozilla/5.0 (Linux; Android 15; Pixel) ${webkit} Chrome/141.0 Mobile Safari/537.36`)).toBe(
    'Chrome on Android',
  )
  expect(browserName('curl/8.5.0')).toBe('A program')
  expect(browserName(undefined)).toBe('A program')
})

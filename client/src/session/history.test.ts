import { afterEach, expect, test, vi } from 'vitest'
import { createHistory } from './history.ts'

afterEach(() => void vi.unstubAllGlobals())

test('[UI-150] of an old version that is no text only that is told: its bytes do not come', async () => {
  let isCancelled = false
  const body = new ReadableStream({ cancel: () => void (isCancelled = true) })
  const answers: Response[] = [
    new Response('one\r\ntwo', { headers: { 'content-type': 'text/plain; charset=utf-8' } }),
    new Response(body, { headers: { 'content-type': 'application/octet-stream' } }),
  ]
  vi.stubGlobal('fetch', async () => answers.shift())
  const history = createHistory('w')
  expect(await history.text(3, 'a.txt')).toEqual({ text: 'one\ntwo' })
  expect(await history.text(3, 'film.mp4')).toEqual({ reason: 'it is not a text' })
  expect(isCancelled).toBe(true)
})

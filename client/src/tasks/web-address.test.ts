import { expect, test } from 'vitest'
import { cutAtLinks, cutAtMarks, spansOf } from './ansi-line.tsx'
import { webLinks } from './web-address.ts'

test('[UI-228] web addresses in a line are found, without the sentence around them, and nothing else is', () => {
  const found = (text: string) => webLinks(text).map(({ from, to, href }) => [text.slice(from, to), href])
  expect(found('see http://localhost:5173/a?b=1, or (https://a.dev/x).')).toEqual([
    ['http://localhost:5173/a?b=1', 'http://localhost:5173/a?b=1'],
    ['https://a.dev/x', 'https://a.dev/x'],
  ])
  expect(found('https://a.dev/x_(y)')).toEqual([['https://a.dev/x_(y)', 'https://a.dev/x_(y)']])
  expect(found('javascript://a.dev/%0aalert(1) file:///etc/passwd ://x http://')).toEqual([])
})

test('[UI-228] an address that is coloured or marked in parts leads to the whole of it', () => {
  const spans = spansOf('to \u001b[36mhttp://a.dev:\u001b[1m80\u001b[22m/x\u001b[39m now')
  const links = webLinks(spans.map(({ text }) => text).join(''))
  const cut = cutAtLinks(cutAtMarks(spans, [{ from: 5, to: 7, isCurrent: false }]), links)
  expect(cut.map(({ text }) => text).join('')).toBe('to http://a.dev:80/x now')
  const linked = cut.filter(({ href }) => href !== undefined)
  expect(linked.map(({ text }) => text).join('')).toBe('http://a.dev:80/x')
  expect(new Set(linked.map(({ href }) => href))).toEqual(new Set(['http://a.dev/x']))
})

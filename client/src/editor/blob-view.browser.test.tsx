import '../ui/base.css'
import '../ui/tokens.css'
import '../ui/fonts.css'
import { createId } from '@tandem/shared'
import type { FileEntry, FileFacts } from '@tandem/shared/docs'
import axe from 'axe-core'
import { createRoot } from 'react-dom/client'
import { afterEach, expect, test, vi } from 'vitest'
import { page } from 'vitest/browser'
import type { Session } from '../session/session.ts'
import { SessionContext } from '../session/session-context.ts'
import { createState } from '../session/state.ts'
import BlobView from './blob-view.tsx'

let end = () => {}
afterEach(() => {
  end()
  vi.restoreAllMocks()
})

/** 3 × 2 pixels, as the browser itself makes them. */
async function png(): Promise<Blob> {
  const canvas = Object.assign(document.createElement('canvas'), { width: 3, height: 2 })
  canvas.getContext('2d')?.fillRect(0, 0, 2, 2)
  return new Promise((resolve) => canvas.toBlob((blob) => blob && resolve(blob), 'image/png'))
}

let hashes = 0
const newHash = () => String((hashes += 1)).padStart(64, 'ab')
const entry = (path: string, facts: Partial<FileFacts> = {}, kind: FileEntry['kind'] = 'blob'): FileEntry => ({
  id: createId(),
  path,
  kind,
  facts: { size: 1_536, exec: false, eol: 'lf', bom: false, ...facts },
})

/** The view of one file, with a server that answers what `answer` says. */
async function show(
  file: FileEntry,
  {
    answer = () => new Response() as Response | Promise<Response>,
    phase = 'connected' as 'connected' | 'offline',
  } = {},
) {
  await page.viewport(800, 600)
  document.documentElement.lang = 'en'
  document.title = 'Tandem'
  const fetched: string[] = []
  vi.spyOn(window, 'fetch').mockImplementation(async (input) => {
    if (typeof input === 'string') fetched.push(input)
    return answer()
  })
  const link = createState({ phase })
  const session = { place: { workspaceId: 'ws' }, link } as unknown as Session
  const host = document.body.appendChild(Object.assign(document.createElement('main'), { style: 'height: 500px' }))
  const root = createRoot(host)
  const render = (shown: FileEntry) =>
    root.render(
      <SessionContext value={session}>
        <BlobView entry={shown} />
      </SessionContext>,
    )
  render(file)
  end = () => {
    root.unmount()
    host.remove()
    end = () => {}
  }
  return { fetched, link, render, host }
}
const picture = (name: string) => page.getByRole('img', { name })
const says = (words: string | RegExp) => expect.element(page.getByText(words)).toBeVisible()

test('[UI-150] a picture is shown with its size, its dimensions, its hash and a way to download it, in either theme', async () => {
  const bytes = await png()
  const blob = newHash()
  const { fetched, host } = await show(entry('a/logo.png', { blob }), { answer: () => new Response(bytes) })
  await expect.element(picture('logo.png')).toBeVisible()
  await says('3 × 2')
  await says('1.5 KB')
  await says(blob.slice(0, 12))
  expect(fetched).toEqual([`/api/v1/workspaces/ws/blobs/${blob}`])
  const link = page.getByRole('link', { name: 'Download' })
  await expect.element(link).toHaveAttribute('download', 'logo.png')
  await expect.element(link).toHaveAttribute('href', fetched[0] ?? '')
  for (const theme of ['light', 'dark']) {
    document.documentElement.dataset['theme'] = theme
    const { violations } = await axe.run(host)
    expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([])
  }
})

test('[UI-150] what could run is never shown as a picture: the address has the type of one, and SVG is only offered', async () => {
  const page_ = '<html><script>alert(1)</script></html>'
  const made: (string | undefined)[] = []
  const real = URL.createObjectURL.bind(URL)
  vi.spyOn(URL, 'createObjectURL').mockImplementation((of) => {
    made.push((of as Blob).type)
    return real(of)
  })
  const answer = () => new Response(page_, { headers: { 'content-type': 'text/html' } })
  const { fetched, render } = await show(entry('evil.png', { blob: newHash() }), { answer })
  await says(/not a picture that can be shown/)
  expect(made).toEqual(['image/png'])
  render(entry('logo.svg', { blob: newHash() }))
  await says(/not a text/)
  expect(fetched).toHaveLength(1)
  await expect.element(page.getByRole('link', { name: 'Download' })).toBeVisible()
})

test('[UI-150] [MIR-130] what names no hash is neither asked for nor offered: it would be another address of the server’s', async () => {
  const { fetched } = await show(entry('logo.png', { blob: '../../../../auth/somewhere' }))
  await says(/names no content/)
  expect(page.getByRole('link', { name: 'Download' }).elements()).toEqual([])
  expect(fetched).toEqual([])
})

test('[UI-151] a picture that is on its way, one that fails and one that is too large say so', async () => {
  let answer: () => Response | Promise<Response> = () => new Promise<Response>(() => {})
  const blob = newHash()
  const { render, fetched } = await show(entry('slow.png', { blob }), { answer: () => answer() })
  await expect.element(page.getByRole('status', { name: 'Loading the picture' })).toBeInTheDocument()

  answer = () =>
    Response.json(
      { code: 'store-failed', detail: 'the disk is broken', status: 503, title: 'x', type: 'about:blank' },
      { status: 503 },
    )
  render(entry('broken.png', { blob: newHash() }))
  await says(/The picture did not come/)
  await says(/the disk is broken/)
  const bytes = await png()
  answer = () => new Response(bytes)
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect.element(picture('broken.png')).toBeVisible()

  const asked = fetched.length
  render(entry('large.png', { blob: newHash(), size: 17 * 2 ** 20 }))
  await says(/too large to be shown here/)
  await says('17.0 MB')
  expect(fetched).toHaveLength(asked)
})

test('[UI-151] offline, a picture that was shown before is shown, another one once the connection is back', async () => {
  const bytes = await png()
  const [seen, other] = [newHash(), newHash()]
  const { link, render, fetched } = await show(entry('seen.png', { blob: seen }), { answer: () => new Response(bytes) })
  await expect.element(picture('seen.png')).toBeVisible()
  link.set({ phase: 'offline' })
  render(entry('other.png', { blob: other }))
  await says(/not on this device/)
  await expect.element(page.getByRole('button', { name: 'Download' })).toBeDisabled()
  await says('It can be downloaded when the connection is back.')
  render(entry('seen.png', { blob: seen }))
  await expect.element(picture('seen.png')).toBeVisible()
  render(entry('other.png', { blob: other }))
  await says(/not on this device/)
  expect(fetched).toHaveLength(1)
  link.set({ phase: 'connected' })
  await expect.element(picture('other.png')).toBeVisible()
  await expect.element(page.getByRole('link', { name: 'Download' })).toBeVisible()
})

test('[UI-152] what is not shared says why, and a link where it leads', async () => {
  const { render, fetched } = await show(entry('film.mp4', { withheld: 'too large', size: 3 * 2 ** 30 }))
  await says('This file is too large (3.0 GB): its content stays in the folder and is not shared.')
  render(entry('on-its-way.png'))
  await says(/has not come from the folder yet/)
  render(entry('link', { blob: '../other/file.txt' }, 'symlink'))
  await says('../other/file.txt')
  expect(fetched).toEqual([])
})

import '../ui/base.css'
import '../ui/tokens.css'
import type { Role } from '@tandem/shared'
import { createRoot } from 'react-dom/client'
import { afterEach, expect, test, vi } from 'vitest'
import { page } from 'vitest/browser'
import type { Session } from '../session/session.ts'
import { SessionContext } from '../session/session-context.ts'
import { createState } from '../session/state.ts'
import { sessionForTest } from '../session/test-session.ts'
import { Toasts } from '../ui/toasts.tsx'
import { FileBrowser } from './file-browser.tsx'

let end = () => {}
afterEach(() => {
  end()
  vi.restoreAllMocks()
})

type Sent = { method: string | undefined; url: string; headers: unknown; text: string }

/** The tree with one file in a folder, and a server that answers each file with what `answer` says. */
async function show({ role = 'editor' as Role, phase = 'connected' as 'connected' | 'offline' } = {}) {
  await page.viewport(500, 600)
  localStorage.clear()
  const sent: Sent[] = []
  const answers: Response[] = []
  const real = window.fetch.bind(window)
  vi.spyOn(window, 'fetch').mockImplementation(async (input, init) => {
    if (typeof input !== 'string' || !(init?.body instanceof Blob)) return real(input, init)
    sent.push({ method: init.method, url: input, headers: init.headers, text: await init.body.text() })
    return answers.shift() ?? Response.json({ version: 1 }, { status: 201 })
  })
  const ending = new AbortController()
  const opened = sessionForTest({ signal: ending.signal, role })
  const link = createState({ ...opened.link.snapshot(), phase })
  const filesState = createState({ ...opened.filesState.snapshot(), ready: true })
  const session = { ...opened, link, filesState } as Session
  const facts = { size: 1, exec: false, eol: 'lf', bom: false } as const
  session.files.transact(() => session.files.create('src/a.txt', 'text', facts), 'test')
  const host = document.body.appendChild(Object.assign(document.createElement('div'), { style: 'height: 500px' }))
  const root = createRoot(host)
  root.render(
    <SessionContext value={session}>
      <Toasts />
      <FileBrowser workspaceId={session.identity.snapshot().workspace.id} current={undefined} onOpen={() => {}} />
    </SessionContext>,
  )
  end = () => {
    root.unmount()
    host.remove()
    ending.abort()
    end = () => {}
  }
  await expect.element(page.getByRole('treeitem', { name: 'src' })).toBeVisible()
  /** Drops files from outside on a row; false where the page would be left. */
  const drop = async (row: string, ...files: File[]) => {
    const target = page.getByRole('treeitem', { name: row }).element()
    const dataTransfer = new DataTransfer()
    for (const file of files) dataTransfer.items.add(file)
    target.dispatchEvent(new DragEvent('dragover', { dataTransfer, bubbles: true, cancelable: true }))
    await expect.poll(() => target.getAttribute('data-drop')).toBe('true')
    return !target.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))
  }
  return { session, sent, answers, drop, base: `/api/v1/workspaces/${session.identity.snapshot().workspace.id}/files` }
}
const file = (name: string, text: string) => new File([text], name, { type: 'text/html' })
const says = (words: string | RegExp) => expect.element(page.getByText(words).first()).toBeVisible()

test('[UI-153] files that are dropped on a folder are added to it, and undo takes them away again', async () => {
  const { session, sent, drop, base } = await show()
  expect(await drop('src', file('b c.png', 'one'), file('d.txt', 'two'))).toBe(true)
  await says('Added 2 files to src.')
  const headers = { 'if-none-match': '*' }
  expect(sent).toEqual([
    { method: 'PUT', url: `${base}/src/b%20c.png`, headers, text: 'one' },
    { method: 'PUT', url: `${base}/src/d.txt`, headers, text: 'two' },
  ])
  // They come by the index, as everybody's do.
  const facts = { size: 3, exec: false, eol: 'lf', bom: false } as const
  session.files.transact(() => session.files.create('src/b c.png', 'blob', facts), 'test')
  session.files.transact(() => session.files.create('src/d.txt', 'text', facts), 'test')
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect.poll(() => [...session.files.snapshot().byPath.keys()]).toEqual(['src/a.txt'])
})

test('[UI-153] what is there already, what is refused and what is too large is said, and the others are added', async () => {
  const { sent, answers, drop } = await show()
  const problem = (code: string, status: number, detail: string) =>
    Response.json({ type: 'about:blank', title: code, status, code, detail }, { status })
  answers.push(problem('precondition-failed', 412, 'the file exists already'))
  answers.push(problem('conflict', 409, 'some disks cannot tell this name from one that is there'))
  await drop('src', file('a.txt', '1'), file('A.txt', '2'), file('ok.txt', '3'))
  await says('Added ok.txt to src.')
  await says('There is already a.txt there. 1 more could not be added.')
  expect(sent).toHaveLength(3)
  const large = file('large.iso', '')
  Object.defineProperty(large, 'size', { value: 33 * 2 ** 20 })
  vi.spyOn(DataTransfer.prototype, 'files', 'get').mockReturnValue([large] as unknown as FileList)
  await drop('src', large)
  await says(/large.iso is too large to be added here/)
  expect(sent).toHaveLength(3)
})

test('[UI-153] offline it says when it can be done, and who may only read adds nothing', async () => {
  const { drop, sent } = await show({ phase: 'offline' })
  expect(await drop('src', file('b.txt', 'one'))).toBe(true)
  await says('Files can be added when the connection is back.')
  end()
  const viewer = await show({ role: 'viewer' })
  await viewer.drop('src', file('b.txt', 'one'))
  expect([...sent, ...viewer.sent]).toEqual([])
})

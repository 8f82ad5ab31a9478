import './ui/base.css'
import './ui/tokens.css'
import './ui/fonts.css'
import { createId, silentLog } from '@tandem/shared'
import { openFile } from '@tandem/shared/docs'
import { fakeClock } from '@tandem/shared/testing'
import axe from 'axe-core'
import { createRoot } from 'react-dom/client'
import { expect, test, vi } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import * as Y from 'yjs'
import { RescueDialog } from './rescue-dialog.tsx'
import { databaseName, openPersist } from './session/persist.ts'
import { oldEpochs } from './session/rescue.ts'
import { createRescuer } from './session/rescuer.ts'
import { SessionContext } from './session/session-context.ts'
import type { Session } from './session/session.ts'

test('[UI-50] the copy and the letting go are two presses, and the keyboard is enough for both', async () => {
  await page.viewport(900, 600)
  document.documentElement.lang = 'en'
  const click = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => {})
  const place = { workspaceId: createId(), epoch: createId() }
  const old = openPersist(databaseName(place.workspaceId, createId()), silentLog)
  const doc = new Y.Doc()
  openFile(doc).text.insert(0, 'typed before')
  await old.keepOwn(`file/${createId()}`, Y.encodeStateAsUpdate(doc))
  old.close()

  const persist = openPersist(databaseName(place.workspaceId, place.epoch), silentLog)
  const live = { names: () => [], get: () => undefined }
  const rescue = createRescuer({ place, persist, live, restart: () => {}, clock: fakeClock(), log: silentLog })
  const host = document.body.appendChild(document.createElement('div'))
  const root = createRoot(host)
  root.render(
    <SessionContext value={{ rescue } as Session}>
      <RescueDialog />
    </SessionContext>,
  )
  rescue.need('old-epoch')
  const dialog = page.getByRole('alertdialog')
  await expect.element(dialog).toBeVisible()
  const save = dialog.getByRole('button', { name: 'Save a copy' })
  const goOn = dialog.getByRole('button', { name: /^I have the file/ })
  await expect.element(dialog.getByRole('button', { name: 'Not now' })).toHaveFocus()
  expect(goOn.elements()).toEqual([])

  await userEvent.keyboard('{Tab}')
  await expect.element(save).toHaveFocus()
  await userEvent.keyboard('{Enter}')
  await expect.element(dialog.getByText(/^Your browser was given/)).toBeVisible()
  await expect.element(dialog.getByRole('button', { name: 'Save it again' })).toHaveFocus()
  await userEvent.keyboard('{Enter}')
  await expect.poll(() => click.mock.calls.length).toBe(2)
  expect(await oldEpochs(place)).toHaveLength(1)
  const { violations } = await axe.run(document.body, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] })
  expect(violations.map((v) => v.id)).toEqual([])

  await userEvent.keyboard('{Tab}')
  await expect.element(goOn).toHaveFocus()
  await userEvent.keyboard('{Enter}')
  await expect.poll(() => oldEpochs(place)).toEqual([])
  await expect.poll(() => dialog.elements()).toEqual([])
  root.unmount()
  host.remove()
  click.mockRestore()
  await persist.destroy()
})

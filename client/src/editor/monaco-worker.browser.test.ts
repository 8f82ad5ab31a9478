import { expect, test } from 'vitest'
import { monaco } from './monaco.ts'

test('[UI-137] a language’s worker finds errors in its first file, and editors made after that are whole', async () => {
  const model = monaco.editor.createModel('{ "a": }\n', 'json', monaco.Uri.parse('tandem:/a.json'))
  await expect
    .poll(() => monaco.editor.getModelMarkers({ resource: model.uri }).map((marker) => marker.message), {
      timeout: 30_000,
    })
    .toEqual(['Value expected'])
  // An editor whose parts cannot be made says so as an error that nobody catches, which fails this file.
  const host = document.body.appendChild(Object.assign(document.createElement('div'), { style: 'height: 200px' }))
  const editor = monaco.editor.create(host, { model })
  await expect.poll(() => host.querySelector('.view-line')?.textContent).toContain('"a"')
  expect(editor.getContribution('editor.contrib.dropIntoEditorController')).toBeNull()
  editor.dispose()
  host.remove()
}, 60_000)

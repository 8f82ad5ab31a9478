import { isTandemError, messageOf, visibleText } from '@tandem/shared'
import { ask } from '../session/call.ts'

/** What a server takes in one request; larger files come by the folder. */
const maxBytes = 32 * 2 ** 20
/** A large file over a slow line. */
const withinMs = 180_000

export type Uploaded = {
  /** The paths that are there now. */
  added: string[]
  /** Why others are not, each in a sentence. */
  refused: string[]
}

/** Brings files into a folder of the workspace (the empty path: the top), one after the other; none takes another's place. */
export async function upload(workspaceId: string, files: readonly File[], folder: string): Promise<Uploaded> {
  const result: Uploaded = { added: [], refused: [] }
  for (const file of files) {
    const path = folder === '' ? file.name : `${folder}/${file.name}`
    const name = visibleText(file.name)
    if (file.size > maxBytes) {
      result.refused.push(`${name} is too large to be added here: save it in the folder.`)
      continue
    }
    try {
      const url = `/api/v1/workspaces/${workspaceId}/files/${path.split('/').map(encodeURIComponent).join('/')}`
      // Whatever type it says it has: the server looks at the bytes.
      await ask('PUT', url, file.slice(0, file.size, 'application/octet-stream'), {
        withinMs,
        headers: { 'if-none-match': '*' },
      })
      result.added.push(path)
    } catch (e) {
      const isTaken = isTandemError(e, 'precondition-failed')
      result.refused.push(isTaken ? `There is already ${name} there.` : `${name} was not added: ${messageOf(e)}.`)
    }
  }
  return result
}

import { nameOf, visibleText } from '@tandem/shared'
import { deletionSnapshot } from '../session/deletion-snapshot.ts'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import { toast } from '../ui/toast.ts'
import { remove } from './file-actions.ts'
import { upload } from './upload.ts'

/** From here on it is worth saying that it has begun. */
const slowBytes = 2 ** 20

/** Brings files that were dropped from outside into a folder (the empty path: the top), and says how it went. */
export function useUpload(): (dropped: DataTransfer, folder: string) => void {
  const session = useSession()
  const { phase } = useView(session.link)
  const { claims } = useView(session.identity)
  const undo = (paths: readonly string[]) => {
    for (const path of paths)
      remove(session.files, path, claims.principal, session.serverNow(), (id) => deletionSnapshot(session, id))
  }
  const bring = async (files: readonly File[], folder: string) => {
    const to = folder === '' ? 'the top' : visibleText(folder)
    const what = (names: readonly string[]) =>
      names.length === 1 ? visibleText(nameOf(names[0] ?? '')) : `${names.length} files`
    if (files.reduce((sum, { size }) => sum + size, 0) >= slowBytes)
      toast(`Adding ${what(files.map(({ name }) => name))} to ${to}…`)
    const { added, refused } = await upload(session.place.workspaceId, files, folder)
    if (added.length > 0) toast(`Added ${what(added)} to ${to}.`, { label: 'Undo', run: () => undo(added) })
    if (refused[0] !== undefined)
      toast(refused.length === 1 ? refused[0] : `${refused[0]} ${refused.length - 1} more could not be added.`)
  }
  return (dropped, folder) => {
    if (phase !== 'connected') return toast('Files can be added when the connection is back.')
    // A folder reads as a file that cannot be read.
    const isFolder = [...dropped.items].some((item) => item.webkitGetAsEntry()?.isDirectory)
    if (isFolder) return toast('Only files can be dropped here: save the folder in the workspace’s folder.')
    return void bring([...dropped.files], folder)
  }
}

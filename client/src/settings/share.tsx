import { UserPlus } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { Button } from '../ui/button.tsx'
import type { ShareTab } from './share-dialog.tsx'

const ShareDialog = lazy(() => import('./share-dialog.tsx'))

/** Opens who takes part and how; by itself where the address carries a machine's pairing code. */
export function Share() {
  const [code] = useState(takeCodeFromAddress)
  const [tab, setTab] = useState<ShareTab | undefined>(code === '' ? undefined : 'machines')
  return (
    <>
      <Button onClick={() => setTab('people')}>
        <UserPlus size={14} aria-hidden /> Share
      </Button>
      {tab !== undefined && (
        <Suspense>
          <ShareDialog tab={tab} onTab={setTab} code={code} onClose={() => setTab(undefined)} />
        </Suspense>
      )}
    </>
  )
}

/** Taken out of the address, so that a reload does not ask again. */
function takeCodeFromAddress(): string {
  const url = new URL(location.href)
  const code = url.searchParams.get('pair') ?? ''
  if (code !== '') {
    url.searchParams.delete('pair')
    history.replaceState(null, '', url)
  }
  return code
}

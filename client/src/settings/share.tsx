import { UserPlus } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { Button } from '../ui/button.tsx'
import type { ShareTab } from './share-dialog.tsx'

// Once, when the page is loaded: a component may be begun more than once before it is shown.
const codeInAddress = takeCodeFromAddress()

const ShareDialog = lazy(() => import('./share-dialog.tsx'))

/** Opens who takes part and how; by itself where the address carries a machine's pairing code. */
export function Share() {
  const [tab, setTab] = useState<ShareTab | undefined>(codeInAddress === undefined ? undefined : 'machines')
  return (
    <>
      <Button onClick={() => setTab('people')}>
        <UserPlus size={14} aria-hidden /> Share
      </Button>
      {tab !== undefined && (
        <Suspense>
          <ShareDialog tab={tab} onTab={setTab} code={codeInAddress ?? ''} onClose={() => setTab(undefined)} />
        </Suspense>
      )}
    </>
  )
}

/** Taken out of the address, so that a reload does not ask again. Empty where the code is still to be typed. */
function takeCodeFromAddress(): string | undefined {
  const url = new URL(location.href)
  const code = url.searchParams.get('pair')
  if (code === null) return undefined
  url.searchParams.delete('pair')
  history.replaceState(null, '', url)
  return code
}

import { BlobHash, TandemError, isTandemError, messageOf, nameOf, visibleText } from '@tandem/shared'
import type { FileEntry } from '@tandem/shared/docs'
import { Download } from 'lucide-react'
import { type ReactNode, useCallback, useId, useState } from 'react'
import { blobUrl } from '../session/blob-texts.ts'
import { useSession } from '../session/session-context.ts'
import { useView } from '../session/use-view.ts'
import button from '../ui/button.module.css'
import { Button } from '../ui/button.tsx'
import { sizeWords } from '../ui/size-words.ts'
import { Empty, Failed, Skeleton } from '../ui/states.tsx'
import { useRemote } from '../ui/use-remote.ts'
import { blobBytes, keptBytes, maxShownBytes } from './blob-bytes.ts'
import { pictureType } from './blob-kind.ts'
import styles from './blob-view.module.css'

/** What a file is that has no text to edit: a picture, other bytes, a link, or something that is not shared. */
export default function BlobView({ entry }: { entry: FileEntry }) {
  const { kind, facts } = entry
  if (kind === 'dir') return <Empty>This is a folder.</Empty>
  if (kind === 'symlink') {
    if (facts?.blob === undefined) return <Empty>This is a link. Where it leads is not known yet.</Empty>
    return (
      <Empty>
        This is a link to <code className={styles.target}>{visibleText(facts.blob)}</code>. What it leads to is opened
        there.
      </Empty>
    )
  }
  if (facts?.withheld !== undefined) {
    return (
      <Empty>
        This file is {visibleText(facts.withheld)} ({sizeWords(facts.size)}): its content stays in the folder and is not
        shared.
      </Empty>
    )
  }
  if (facts?.blob === undefined) return <Empty>The content of this file has not come from the folder yet.</Empty>
  // The index is anybody's to write, and a page asks with its person's rights.
  if (!BlobHash.safeParse(facts.blob).success) return <Empty>This file names no content that could be shown.</Empty>
  return <Shared key={facts.blob} path={entry.path} hash={facts.blob} size={facts.size} />
}

type SharedProps = { path: string; hash: string; size: number }

function Shared({ path, hash, size }: SharedProps) {
  const { place, link } = useSession()
  const isOffline = useView(link).phase === 'offline'
  const url = blobUrl(place.workspaceId, hash)
  const type = pictureType(path)
  const [dimensions, setDimensions] = useState<string>()
  const isShown = type !== undefined && size <= maxShownBytes
  return (
    <div className={styles.view}>
      <div className={styles.picture}>
        {isShown ? (
          <Picture path={path} type={type} url={url} isOffline={isOffline} onSize={setDimensions} />
        ) : (
          <Empty>
            {type === undefined
              ? 'This file is not a text. It is shared as it is, and can be downloaded.'
              : 'This picture is too large to be shown here. It can be downloaded.'}
          </Empty>
        )}
      </div>
      <div className={styles.below}>
        <dl className={styles.facts}>
          <Fact name="Size">{sizeWords(size)}</Fact>
          {dimensions !== undefined && <Fact name="Dimensions">{dimensions}</Fact>}
          <Fact name="SHA-256">
            <code title={hash}>{hash.slice(0, 12)}</code>
          </Fact>
        </dl>
        <DownloadLink path={path} url={url} isOffline={isOffline} />
      </div>
    </div>
  )
}

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

type PictureProps = {
  path: string
  type: string
  url: string
  isOffline: boolean
  onSize: (dimensions: string) => void
}

/** Shown by an address of its own with that type and no other, so that nothing in it can be more than a picture. */
function Picture({ path, type, url, isOffline, onSize }: PictureProps) {
  // Asked again when the connection is back.
  const ask = useCallback(
    async (signal: AbortSignal) => {
      if (isOffline && !keptBytes(url)) throw new TandemError('offline')
      return blobBytes(url, signal)
    },
    [url, isOffline],
  )
  const [remote, reload] = useRemote(ask)
  const [isBroken, setBroken] = useState(false)
  const bytes = remote.is === 'ready' ? remote.value : undefined
  const show = useCallback(
    (image: HTMLImageElement | null) => {
      if (!image || !bytes) return undefined
      const address = URL.createObjectURL(bytes.slice(0, bytes.size, type))
      image.src = address
      return () => URL.revokeObjectURL(address)
    },
    [bytes, type],
  )
  if (isBroken) return <Empty>This is not a picture that can be shown here, whatever its name says.</Empty>
  if (remote.is === 'loading') return <Skeleton label="Loading the picture" widths={[70, 70, 70, 70, 70, 70]} />
  if (remote.is === 'failed') return <NotHere error={remote.error} onRetry={reload} />
  return (
    <img
      ref={show}
      className={styles.image}
      alt={visibleText(nameOf(path))}
      onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => onSize(`${naturalWidth} × ${naturalHeight}`)}
      onError={() => setBroken(true)}
    />
  )
}

function NotHere({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const again = <Button onClick={onRetry}>Try again</Button>
  if (isTandemError(error, 'offline'))
    return <Empty action={again}>This picture is not on this device. It will appear when the connection is back.</Empty>
  if (isTandemError(error, 'not-found'))
    return <Empty action={again}>The content of this file has not come to the server yet.</Empty>
  return (
    <Failed what="The picture did not come." safe={`It said: ${messageOf(error)}. Nothing is lost.`} action={again} />
  )
}

function DownloadLink({ path, url, isOffline }: { path: string; url: string; isOffline: boolean }) {
  const whyId = useId()
  const what = (
    <>
      <Download size={14} aria-hidden /> Download
    </>
  )
  if (!isOffline) {
    return (
      <a className={`${button.button} ${styles.download}`} href={url} download={nameOf(path)}>
        {what}
      </a>
    )
  }
  return (
    <span className={styles.away}>
      <span id={whyId}>It can be downloaded when the connection is back.</span>
      <Button disabled aria-describedby={whyId}>
        {what}
      </Button>
    </span>
  )
}

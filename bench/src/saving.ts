import { watch } from 'node:fs'
import { join } from 'node:path'
import { accessToken, connect, type Tandem } from '@tandem/e2e'
import type { DocRef } from '@tandem/shared'
import { rawWriteAndWatch } from './floors.ts'
import { pause } from './pause.ts'
import type { Row } from './stats.ts'

const count = 60
/** Long enough that no batching of the last sample delays this one. */
const rest = () => pause(350)

/** A file saved on disk until a client's document has it, and a client's edit until the file on disk has it. */
export async function saving(tandem: Tandem, path: string, file: DocRef): Promise<Row[]> {
  const raw = { what: 'file write + watch event', samples: await rawWriteAndWatch(count, () => pause(20)) }
  const client = connect(tandem, await accessToken(tandem), file)
  await client.synced()
  const text = client.document.getText('content')
  const toEditor: number[] = []
  const toDisk: number[] = []
  const dirty = { call: () => {} }
  const watcher = watch(tandem.folder, () => dirty.call())
  try {
    for (let i = 0; i < count; i++) {
      await rest()
      const saved = `saved ${i}\n`
      const arrived = new Promise<void>((resolve) => {
        const look = () => text.toString() === saved && (text.unobserve(look), resolve())
        text.observe(look)
      })
      const from = performance.now()
      tandem.write(path, saved)
      await arrived
      toEditor.push(performance.now() - from)

      await rest()
      const onDisk = new Promise<void>((resolve) => {
        dirty.call = () => tandem.read(path) === `${saved}typed` && resolve()
      })
      const typedAt = performance.now()
      text.insert(text.length, 'typed')
      await onDisk
      toDisk.push(performance.now() - typedAt)
      dirty.call = () => {}
    }
  } finally {
    watcher.close()
    client.close()
  }
  return [
    { what: 'save -> editor (document)', samples: toEditor, floor: raw },
    { what: 'editor (document) -> disk', samples: toDisk, floor: raw, note: join('…', path) },
  ]
}

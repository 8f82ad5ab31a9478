import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { readMirrorStatus } from '@tandem/daemon/mirror-status'
import { DaemonList } from '@tandem/shared'
import { openDaemon, openRequests } from '@tandem/shared/docs'
import { afterEach, expect, test } from 'vitest'
import { accessToken, connect } from '../harness/documents.ts'
import { cleanUp, runTandem, startTandem } from '../harness/tandem.ts'
import { until } from '../harness/until.ts'

afterEach(cleanUp)

test('[MIR-36] [MIR-123] [OPS-42] [OPS-43] everything deleted on disk: it is asked, status and doctor say so, and the answer brings it back', async () => {
  const files = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`src/f${i}.ts`, `${i}\n`]))
  const tandem = await startTandem({ files })
  const at = `/api/v1/workspaces/${tandem.ready.workspaceId}`
  const access = await accessToken(tandem)
  const { daemons } = DaemonList.parse(await (await tandem.api(`${at}/daemons`)).json())
  const daemonId = daemons[0]?.id ?? ''
  const self = connect(tandem, access, { kind: 'daemon', daemonId })
  const { principal, session } = access.claims
  const asking = connect(tandem, access, { kind: 'requests', principal, session })
  await Promise.all([self.synced(), asking.synced()])
  const mirror = () => openDaemon(self.document).snapshot().mirror
  const tell = async (command: string) => {
    const { stdout, code } = await runTandem([command, tandem.folder, '--data', tandem.dataDir])
    return { stdout, code }
  }

  rmSync(join(tandem.folder, 'src'), { recursive: true })
  const question = await until('it is asked', () => mirror()?.question)
  expect(question).toMatchObject({ count: 30, total: 30 })
  const list = (await (await tandem.api(`${at}/files`)).json()) as { files: unknown[] }
  expect(list.files).toHaveLength(30)
  await until('it is noted', () => readMirrorStatus(join(tandem.dataDir, 'daemon'))?.question)
  expect((await tell('status')).stdout).toContain('in the page: 1 question')
  const doctor = await tell('doctor')
  expect(doctor.stdout).toMatch(/^fail {2}mirror {3}stopped: 30 of 30 files are gone from the folder\./m)
  expect(doctor.code).toBe(1)

  const requests = openRequests(asking.document)
  requests.ask({ kind: 'answer', daemon: daemonId, question: question.id, answer: 'restore' })
  await until('the files are back', () => tandem.read('src/f29.ts') === '29\n' && mirror()?.phase === 'live')
  for (const [path, text] of Object.entries(files)) expect(tandem.read(path)).toBe(text)
  expect(mirror()?.question).toBeUndefined()
  self.close()
  asking.close()
})

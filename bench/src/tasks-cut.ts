import { cleanUp, startMirror, startTandem, until } from '@tandem/e2e'
import { DaemonList, type Id } from '@tandem/shared'
import { pause } from './pause.ts'
import type { Row } from './stats.ts'
import { msToEnd, msToStart, taskApi, type Seen } from './task-api.ts'

const count = 1_000
const overMs = 60_000
const cutEveryMs = 10_000
const cutForMs = 500

/**
 * A thousand short tasks within a minute for one daemon whose link is cut every ten seconds: how many have completed, and
 * truly, that is once and with their own output; and what each waited. By the server's clock.
 */
export async function tasksCut(): Promise<Row[]> {
  const tandem = await startTandem({
    files: { 'a.txt': 'x\n' },
    args: ['--shared'],
    env: { TANDEM_TASKS_PER_MINUTE: '6000', TANDEM_TASKS_PER_MINUTE_OF_KEY: '6000' },
  })
  try {
    const daemons = async () => {
      const answer = await tandem.api(`/api/v1/workspaces/${tandem.ready.workspaceId}/daemons`)
      return DaemonList.parse(await answer.json()).daemons.map(({ id }) => id)
    }
    const before = await daemons()
    const mirror = await startMirror(tandem)
    const daemonId = await until('the other daemon is known', async () =>
      (await daemons()).find((id) => !before.includes(id)),
    )
    const { ask, ended } = taskApi(tandem)
    const asking: Promise<Id>[] = []
    const from = performance.now()
    for (let cuts = 1; asking.length < count;) {
      const passed = performance.now() - from
      if (passed > cuts * cutEveryMs) {
        cuts++
        mirror.cut()
        void pause(cutForMs).then(mirror.mend)
      }
      const i = asking.length
      if (passed >= (i * overMs) / count) asking.push(ask('echo', [`task ${i}`], { target: { daemonId } }))
      else await pause(5)
    }
    const tasks: Seen[] = []
    for (const asked of asking) tasks.push(await ended(await asked, 200))
    const isTrue = ({ state, attempts, result }: Seen, i: number) =>
      state === 'completed' && attempts.length === 1 && result?.output?.tail === `task ${i}\n`
    const done = tasks.filter(isTrue)
    const share = `${done.length} of ${tasks.length} completed, once and with their own output`
    const note = `${share}; ${count} asked for in ${overMs / 1_000} s, the link cut every ${cutEveryMs / 1_000} s for ${cutForMs} ms`
    return [
      { what: `${count} tasks a minute, link cut: created -> process started`, samples: done.map(msToStart), note },
      { what: 'the same: created -> its end known', samples: done.map(msToEnd) },
    ]
  } finally {
    await cleanUp()
  }
}

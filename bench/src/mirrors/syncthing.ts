import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, startProgram, type Peer } from './peer.ts'

/** Two of them, that know of each other and of nobody else: no discovery, no relays, no reports, on loopback alone. */
export const syncthing: Peer = {
  name: 'Syncthing',
  note: 'delay 1 s, its least',
  needs: ['syncthing'],
  restMs: 300,
  start: async ({ near, far, scratch }) => {
    const sides = await Promise.all(
      [near, far].map(async (folder, i) => {
        const home = join(scratch, String(i))
        execFileSync('syncthing', ['generate', `--home=${home}`, '--no-default-folder'], { stdio: 'ignore' })
        const id = execFileSync('syncthing', [`--home=${home}`, '--device-id'], { encoding: 'utf8' }).trim()
        mkdirSync(join(folder, '.stfolder'), { recursive: true })
        writeFileSync(join(folder, '.stignore'), '.git\n')
        return { folder, home, id, port: await freePort(), guiPort: await freePort() }
      }),
    )
    for (const side of sides) writeFileSync(join(side.home, 'config.xml'), configOf(side, sides))
    const programs = sides.map(({ home }) =>
      startProgram('syncthing', ['serve', `--home=${home}`, '--no-browser', '--no-upgrade', '--no-restart'], {
        STNODEFAULTFOLDER: '1',
        HOME: home,
      }),
    )
    return {
      pids: () => programs.flatMap((program) => program.pids()),
      stop: async () => void (await Promise.all(programs.map((program) => program.stop()))),
    }
  },
}

type Side = { folder: string; id: string; port: number; guiPort: number }

function configOf({ folder, port, guiPort }: Side, sides: readonly Side[]): string {
  const devices = sides.map(
    (side) => `<device id="${side.id}" name="${side.port}"><address>tcp://127.0.0.1:${side.port}</address></device>`,
  )
  const members = sides.map(({ id }) => `<device id="${id}"></device>`)
  return `<configuration version="36">
  <folder id="bench" label="bench" path="${folder}" type="sendreceive" rescanIntervalS="3600" fsWatcherEnabled="true"
    fsWatcherDelayS="1">${members.join('')}<markerName>.stfolder</markerName></folder>
  ${devices.join('\n  ')}
  <gui enabled="true" tls="false"><address>127.0.0.1:${guiPort}</address></gui>
  <options>
    <listenAddress>tcp://127.0.0.1:${port}</listenAddress>
    <globalAnnounceEnabled>false</globalAnnounceEnabled><localAnnounceEnabled>false</localAnnounceEnabled>
    <relaysEnabled>false</relaysEnabled><natEnabled>false</natEnabled><urAccepted>-1</urAccepted>
    <crashReportingEnabled>false</crashReportingEnabled><autoUpgradeIntervalH>0</autoUpgradeIntervalH>
    <startBrowser>false</startBrowser><setLowPriority>false</setLowPriority><reconnectionIntervalS>1</reconnectionIntervalS>
    <stunKeepaliveStartS>0</stunKeepaliveStartS>
  </options>
</configuration>
`
}

import { silentLog } from '@tandem/shared'
import { expect, test } from 'vitest'
import { commandIdentity } from './identity.ts'
import { probeReduced } from './probe.ts'
import { findReducedWalls } from './walls.ts'

/** Tests of a reduced sandbox, where the kernel has what one needs; else one that says what is missing. */
export function whereReduced(describeAll: () => void): void {
  const walls = findReducedWalls({ isRoot: false })
  if (!('reason' in walls)) return describeAll()
  test(`[SBX-362] there is no reduced sandbox here: ${walls.reason}`, async () =>
    expect(await probeReduced({ identity: commandIdentity('/'), log: silentLog })).toMatchObject({
      ...{ tier: 'none', held: [] },
      ...walls,
    }))
}

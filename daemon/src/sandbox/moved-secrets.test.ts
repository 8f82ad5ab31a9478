import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { canary, createBed, type Bed } from './fixture.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })
let bed: Bed
beforeAll(async () => {
  bed = await createBed()
  if (bed.probe.tier !== 'full') throw new Error(`${bed.probe.reason}. ${bed.probe.fix}`)
})
afterAll(() => bed?.remove())

test('[SBX-399] [SBX-201] what is covered for a command stays so wherever another moves its folder, and cannot be moved or linked itself', async () => {
  const until = (file: string) => `until [ -e ${file} ]; do sleep 0.05; done`
  const [watching, moving] = await Promise.all([
    bed.run(
      `touch ready; ${until('moved')}; cat packages*/x/.env.local .env; ls packages*/x/.env.local; echo over; touch seen`,
    ),
    bed.run(
      `${until('ready')}; mv packages packages2; touch moved
       mv .env open 2>/dev/null || echo kept; rm -f .env 2>/dev/null || echo kept; ln .env open 2>/dev/null || echo kept
       mv packages2/x/.env.local open 2>/dev/null || echo kept; ${until('seen')}; mv packages2/x ./; cat x/.env.local .env; echo over`,
    ),
  ])
  expect(watching.stdout).toMatch(/^packages2\/x\/\.env\.local\nover\n$/)
  expect(moving.stdout).toBe('kept\nkept\nkept\nkept\nover\n')
  const later = await bed.run(
    'find . -name ".env*" -type f ! -name "*.example" | sort; cat x/.env.local .env; echo over',
  )
  expect(later.stdout).toBe('./.env\n./x/.env.local\nover\n')
  for (const { stderr } of [watching, moving, later]) expect(stderr).not.toContain(canary)
})

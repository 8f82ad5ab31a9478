import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { testServer } from '../test-server.ts'

async function builtClient() {
  const clientDir = await mkdtemp(path.join(tmpdir(), 'tandem-client-'))
  onTestFinished(() => rm(clientDir, { recursive: true, force: true }))
  await mkdir(path.join(clientDir, 'assets'))
  await writeFile(path.join(clientDir, 'index.html'), '<!doctype html><title>Tandem</title>')
  await writeFile(path.join(clientDir, 'sw.js'), '// worker')
  await writeFile(path.join(clientDir, 'assets/main-abc123.js'), 'export const x = 1\n'.repeat(200))
  await writeFile(`${clientDir}-secret`, 'secret')
  onTestFinished(() => rm(`${clientDir}-secret`))
  return clientDir
}

test('[ACC-35] the page runs nothing from elsewhere; its assets are kept for ever and itself never', async () => {
  const server = await testServer({ clientDir: await builtClient() })
  const page = await fetch(`${server.url}/`)
  expect(await page.text()).toContain('Tandem')
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self'")
  expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  const policy = page.headers.get('content-security-policy')?.split('; ')
  expect(policy).toEqual(expect.arrayContaining(["connect-src 'self'", "base-uri 'none'", "form-action 'none'"]))
  expect(page.headers.get('cache-control')).toBe('no-cache')
  expect((await fetch(`${server.url}/sw.js`)).headers.get('cache-control')).toBe('no-cache')
  const asset = await fetch(`${server.url}/assets/main-abc123.js`)
  expect(asset.headers.get('cache-control')).toContain('immutable')
  expect(asset.headers.get('content-encoding')).toBe('gzip')
  expect(await asset.text()).toContain('export const x')
  const again = await fetch(`${server.url}/sw.js`, {
    headers: { 'if-none-match': (await fetch(`${server.url}/sw.js`)).headers.get('etag') ?? '' },
  })
  expect(again.status).toBe(304)
})

test('[ACC-35] any address of the page gives the page, a missing asset does not, and nothing outside is given', async () => {
  const server = await testServer({ clientDir: await builtClient() })
  expect(await (await fetch(`${server.url}/some/place`)).text()).toContain('Tandem')
  expect((await fetch(`${server.url}/assets/gone.js`)).status).toBe(404)
  for (const route of ['/%2e%2e%2fetc/passwd', '/..%2f..%2fetc%2fpasswd.txt', '/assets/..%2f..%2fx.js', '/%ff']) {
    expect([404, 200]).toContain((await fetch(server.url + route)).status)
    expect(await (await fetch(server.url + route)).text()).not.toContain('root:')
  }
})

test('[ACC-35] where the page was not built, it says so', async () => {
  const server = await testServer()
  const page = await fetch(`${server.url}/`)
  expect(page.status).toBe(503)
  expect(await page.text()).toContain('not built')
})

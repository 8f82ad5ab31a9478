import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'

/** From `public/`, as they are. */
const copied = ['theme.js', 'icon.svg', 'manifest.webmanifest']

/**
 * Emits `sw.js`, the service worker that opens the app with the server down: it keeps this build's files (the start
 * at once, workers and grammars once they were used) and never touches `/api`. A new build waits until the last tab
 * of the old one is closed or asks for it, so a tab never mixes two builds.
 */
export function offlineShell(): Plugin {
  let publicDir = ''
  return {
    name: 'tandem-offline-shell',
    apply: 'build',
    configResolved: (config) => {
      publicDir = config.publicDir
    },
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const files = Object.keys(bundle).filter((f) => !f.endsWith('.map') && f !== 'index.html')
        // TypeScript's worker alone is 7 MB: it is kept once a file asked for it.
        const eager = files.filter((f) => !/\.worker-/.test(f))
        const hash = createHash('sha256')
        for (const name of files.toSorted()) hash.update(name)
        // Files without a hash in their name are told apart by what they hold.
        for (const name of copied) hash.update(readFileSync(join(publicDir, name)))
        hash.update(JSON.stringify(Object.values(bundle).map((b) => ('code' in b ? b.code.length : b.source.length))))
        const version = hash.digest('hex').slice(0, 12)
        const start = ['/', ...copied.map((f) => `/${f}`), ...eager.map((f) => `/${f}`)]
        this.emitFile({ type: 'asset', fileName: 'sw.js', source: worker(version, start) })
      },
    },
  }
}

const worker = (version: string, start: readonly string[]) => `const cacheName = 'tandem-${version}'
const start = ${JSON.stringify(start)}
const own = (name) => name.startsWith('tandem-') && name !== cacheName

self.addEventListener('install', (e) => e.waitUntil(caches.open(cacheName).then((c) => c.addAll(start))))

// The build before this one stays: a tab may still show it, and will ask for its chunks.
self.addEventListener('activate', (e) => e.waitUntil(caches.keys()
  .then((names) => Promise.all(names.filter(own).slice(0, -1).map((n) => caches.delete(n))))
  .then(() => self.clients.claim())))

self.addEventListener('message', async (e) => {
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  if (e.data === 'take-over' || (e.data === 'take-over-if-alone' && windows.length <= 1)) self.skipWaiting()
})

self.addEventListener('fetch', (e) => {
  const url = new URL(e.request.url)
  const isOurs = e.request.method === 'GET' && url.origin === location.origin
  if (!isOurs || !(e.request.mode === 'navigate' ? url.pathname === '/' : start.includes(url.pathname) || url.pathname.startsWith('/assets/'))) return
  e.respondWith((async () => {
    const cache = await caches.open(cacheName)
    const kept = (await cache.match(url.pathname)) ?? (await caches.match(url.pathname))
    if (kept) return kept
    const fresh = await fetch(e.request)
    if (fresh.ok && url.pathname.startsWith('/assets/')) void cache.put(url.pathname, fresh.clone())
    return fresh
  })())
})
`

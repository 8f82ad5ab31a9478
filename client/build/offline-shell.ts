import { createHash } from 'node:crypto'
import type { Plugin } from 'vite'

/**
 * Emits `sw.js`, the service worker that opens the app with the server down: it keeps this build's files (the start
 * at once, workers and grammars once they were used) and never touches `/api`. A new build waits until the last tab
 * of the old one is closed or asks for it, so a tab never mixes two builds.
 */
export function offlineShell(): Plugin {
  return {
    name: 'tandem-offline-shell',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const files = Object.keys(bundle).filter((f) => !f.endsWith('.map') && f !== 'index.html')
        // TypeScript's worker alone is 7 MB: it is kept once a file asked for it.
        const eager = files.filter((f) => !/\.worker-|lspLanguageFeatures|tsMode/.test(f))
        const version = createHash('sha256')
          .update(
            files.sort().join('\n') +
              String(Object.values(bundle).map((b) => ('code' in b ? b.code.length : b.source.length))),
          )
          .digest('hex')
          .slice(0, 12)
        const start = ['/', '/theme.js', '/icon.svg', '/manifest.webmanifest', ...eager.map((f) => '/' + f)]
        this.emitFile({ type: 'asset', fileName: 'sw.js', source: worker(version, start) })
      },
    },
  }
}

const worker = (version: string, start: readonly string[]) => `const cacheName = 'tandem-${version}'
const start = ${JSON.stringify(start)}
self.addEventListener('install', (e) => e.waitUntil(caches.open(cacheName).then((c) => c.addAll(start))))
self.addEventListener('activate', (e) => e.waitUntil(caches.keys()
  .then((names) => Promise.all(names.filter((n) => n.startsWith('tandem-') && n !== cacheName).map((n) => caches.delete(n))))
  .then(() => self.clients.claim())))
self.addEventListener('message', (e) => { if (e.data === 'take-over') self.skipWaiting() })
self.addEventListener('fetch', (e) => {
  const url = new URL(e.request.url)
  if (e.request.method !== 'GET' || url.origin !== location.origin || url.pathname.startsWith('/api') || url.pathname === '/metrics' || url.pathname.startsWith('/docs')) return
  if (e.request.mode === 'navigate') return e.respondWith(caches.open(cacheName).then((c) => c.match('/')).then((page) => page ?? fetch(e.request)))
  e.respondWith(caches.open(cacheName).then(async (c) => {
    const kept = await c.match(e.request, { ignoreSearch: true })
    if (kept) return kept
    const fresh = await fetch(e.request)
    if (fresh.ok && url.pathname.startsWith('/assets/')) void c.put(e.request, fresh.clone())
    return fresh
  }))
})
`

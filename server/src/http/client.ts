import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { Hono } from 'hono'
import type { Env } from './deps.ts'
import { describe } from './describe.ts'

/** Nothing from elsewhere runs, loads or frames this page. Styles are inline because the editor writes them so. */
export const contentSecurityPolicy = [
  "default-src 'self'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  // Our own sockets are of this origin too; to anywhere else they would carry things out.
  "connect-src 'self'",
  "font-src 'self' data:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "object-src 'none'",
].join('; ')

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.ttf': 'font/ttf',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
}
const compresses = new Set([
  '.css',
  '.html',
  '.js',
  '.json',
  '.map',
  '.mjs',
  '.svg',
  '.ttf',
  '.txt',
  '.wasm',
  '.webmanifest',
])

type Asset = { body: Uint8Array; zipped: Uint8Array | undefined; type: string; etag: string; modifiedMs: number }

const notBuilt =
  '<!doctype html><meta charset="utf-8"><title>Tandem</title><body style="font:16px system-ui;margin:4rem auto;max-width:40rem">' +
  '<h1>The page is not built yet</h1><p>The server runs. Build the client with <code>npm start</code>, or <code>pnpm --filter @tandem/client build</code>, then reload.</p>'

/** The built client: hashed assets for ever, the page and the service worker always asked for anew. */
export function clientRoutes(clientDir: string | undefined): Hono<Env> {
  const assets = new Map<string, Asset>()

  const load = async (name: string): Promise<Asset | undefined> => {
    if (clientDir === undefined) return undefined
    const file = path.join(clientDir, name)
    if (!file.startsWith(path.join(clientDir, path.sep))) return undefined
    const info = await stat(file).catch(() => undefined)
    if (!info?.isFile()) return undefined
    const known = assets.get(name)
    if (known?.modifiedMs === info.mtimeMs) return known
    const body = await readFile(file)
    const extension = path.extname(name)
    const asset: Asset = {
      body,
      zipped: compresses.has(extension) && body.length > 1024 ? await promisify(gzip)(body) : undefined,
      type: types[extension] ?? 'application/octet-stream',
      etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
      modifiedMs: info.mtimeMs,
    }
    assets.set(name, asset)
    return asset
  }

  const page = describe({ tag: 'About', summary: 'The page', answers: { 200: 'html', 304: 'nothing' }, open: true })
  return new Hono<Env>().get('*', page, async (c) => {
    c.header('content-security-policy', contentSecurityPolicy)
    c.header('x-content-type-options', 'nosniff')
    c.header('referrer-policy', 'no-referrer')
    c.header('cross-origin-opener-policy', 'same-origin')
    const name = decodePath(c.req.path)
    if (name === undefined) return c.notFound()
    const asset =
      (await load(name === '/' ? '/index.html' : name)) ??
      (path.extname(name) === '' ? await load('/index.html') : undefined)
    if (!asset) {
      if (path.extname(name) !== '' && name !== '/index.html') return c.notFound()
      return c.html(notBuilt, 503, { 'cache-control': 'no-store' })
    }
    c.header('etag', asset.etag)
    c.header('cache-control', name.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache')
    if (c.req.header('if-none-match') === asset.etag) return c.body(null, 304)
    const zipped = /\bgzip\b/.test(c.req.header('accept-encoding') ?? '') ? asset.zipped : undefined
    c.header('vary', 'accept-encoding')
    c.header('content-type', asset.type)
    if (zipped) c.header('content-encoding', 'gzip')
    return c.body(new Uint8Array(zipped ?? asset.body))
  })
}

function decodePath(raw: string): string | undefined {
  try {
    return decodeURIComponent(raw)
  } catch {
    return undefined
  }
}

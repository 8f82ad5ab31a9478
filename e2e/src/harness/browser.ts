import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser } from 'playwright-core'

const installed = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'].map(
  (name) => `/usr/bin/${name}`,
)

/** A headless Chromium (see `findChromium`). */
export async function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: await findChromium(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  })
}

/** The Chromium that `CHROME` names, the system's, or else the one that comes as a package. */
export async function findChromium(): Promise<string> {
  return process.env.CHROME ?? installed.find((path) => existsSync(path)) ?? (await unpackChromium())
}

/**
 * The packaged Chromium needs nothing of the system, not even fonts; but it was made for another place, so that its
 * libraries and fonts must be pointed out to it, and its own set of flags (no web security) not be used.
 */
async function unpackChromium(): Promise<string> {
  const { default: packed, inflate, setupLambdaEnvironment } = await import('@sparticuz/chromium')
  const bin = join(dirname(fileURLToPath(import.meta.resolve('@sparticuz/chromium'))), '..', 'bin')
  await inflate(join(bin, 'al2023.tar.br'))
  setupLambdaEnvironment(join(tmpdir(), 'al2023', 'lib'))
  const path = await packed.executablePath(bin)
  const fonts = join(tmpdir(), 'fonts')
  mkdirSync(fonts, { recursive: true })
  // Without it all text is blank, and then it crashes.
  writeFileSync(
    join(fonts, 'fonts.conf'),
    `<?xml version="1.0"?>\n<fontconfig><dir>${fonts}</dir><cachedir>${fonts}/cache</cachedir></fontconfig>\n`,
  )
  return path
}

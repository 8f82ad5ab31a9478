import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import openWithSystem from 'open'

/**
 * Opens the page in the person's browser. Its address holds the owner's key, and a command line can be read by every
 * user of the machine: so the browser is given a file for the owner alone, which leads there. Never rejects: the
 * address is in the terminal too, also for a browser that may not read hidden folders (one installed as a snap).
 */
export async function openPage(
  dataDir: string,
  page: string,
  open: (file: string) => Promise<unknown> = openWithSystem,
): Promise<void> {
  const file = join(dataDir, 'open.html')
  try {
    rmSync(file, { force: true })
    writeFileSync(file, leadingTo(page), { mode: 0o600, flag: 'wx' })
    await open(file)
  } catch {
    // Whether a browser could be opened is of no consequence: the address stands in the terminal.
  }
}

function leadingTo(page: string): string {
  const address = page.replaceAll(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
  return `<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url=${address}">
<title>Tandem</title>
<p><a href="${address}">Open Tandem</a></p>
`
}

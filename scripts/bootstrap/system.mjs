import { existsSync } from 'node:fs'
import { childEnv, findOnPath, quietly } from './child.mjs'
import { BootstrapError, say, step } from './say.mjs'

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** For `npm start`: bubblewrap if it can be had. Without it everything works but running commands, which is refused with the reason. */
export async function ensureForStart(args) {
  if (process.platform !== 'linux' || findOnPath('bwrap') || args.includes('--unsafe-no-sandbox')) return
  if (mayUseApt()) {
    try {
      return await apt(['bubblewrap'])
    } catch (error) {
      say(error.message)
    }
  }
  say(
    `Commands will be refused, because the sandbox (bubblewrap) is not installed. To install it: ${howTo('bubblewrap')}`,
  )
}

/** For `npm test`: what the tests need, or the exact command that installs it. Nothing is skipped in silence. */
export async function ensureForTest() {
  if (process.platform !== 'linux') return // the sandbox's and browser's own tests say what they need there
  const wanted = []
  if (!findOnPath('bwrap')) wanted.push('bubblewrap')
  // Where apt may not be used, the browser tests bring their own Chromium (an npm package).
  if (mayUseApt() && !process.env.CHROME && !BROWSERS.some((name) => findOnPath(name)))
    wanted.push('chromium', 'fonts-liberation')
  if (wanted.length === 0) return
  // Installed along, for what is tried only where it is: the helper of the sandbox for macOS.
  if (mayUseApt()) wanted.push(...(findOnPath('socat') ? [] : ['socat']), ...(findOnPath('rg') ? [] : ['ripgrep']))
  if (!mayUseApt())
    throw new BootstrapError(`The tests need ${wanted.join(' and ')}. Install with: ${howTo(wanted.join(' '))}`)
  await apt(wanted)
}

function mayUseApt() {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && findOnPath('apt-get') !== undefined
}

function howTo(packages) {
  if (findOnPath('apt-get')) return `sudo apt-get install -y ${packages}`
  if (findOnPath('dnf')) return `sudo dnf install -y ${packages}`
  if (findOnPath('pacman')) return `sudo pacman -S ${packages}`
  return `install the package ${packages} of your system`
}

async function apt(packages) {
  const options = { env: { ...childEnv(), DEBIAN_FRONTEND: 'noninteractive' } }
  const install = ['install', '-y', '-q', '--no-install-recommends', ...packages]
  const size = packages.includes('chromium') ? ', about 100 MB with its libraries' : ''
  await step(`Installing ${packages.join(', ')} with apt-get (you are root${size})`, async () => {
    try {
      await quietly('apt-get', install, options)
    } catch {
      // Most often the package lists are old or were never fetched.
      await quietly('apt-get', ['update', '-q'], options)
      await quietly('apt-get', install, options)
    }
  })
}

import react from '@vitejs/plugin-react'
import { playwright } from '@vitest/browser-playwright'
import { defineProject } from 'vitest/config'
import { findChromium } from '../e2e/src/harness/browser.ts'
import { aliases } from './build/aliases.ts'

const prepared = [
  '@base-ui/react/alert-dialog',
  '@base-ui/react/context-menu',
  '@base-ui/react/popover',
  '@base-ui/react/toast',
  '@base-ui/react/tooltip',
  '@hocuspocus/provider',
  '@monaco-editor/react',
  '@tanstack/react-virtual',
  '@xterm/xterm',
  'anser',
  'axe-core',
  'fast-check',
  'idb',
  'lib0/decoding',
  'lucide-react',
  'marked',
  'react',
  'react-dom',
  'react-dom/client',
  'react-resizable-panels',
  'react/jsx-dev-runtime',
  're2js',
  'y-monaco',
  'y-protocols/awareness',
  'yjs',
  'zod',
]

/**
 * What needs a real browser (Monaco, IndexedDB, rendering) is named `*.browser.test.ts(x)` and runs here:
 * `pnpm vitest run --project browser`. Plain logic runs in Node, in the root's `unit` project.
 */
export default defineProject({
  plugins: [react()],
  resolve: { alias: aliases, dedupe: ['yjs', 'lib0', 'y-protocols', 'monaco-editor', 'react', 'react-dom'] },
  // Prepared before the first test: what is found on the way makes the page reload under it.
  optimizeDeps: { exclude: ['monaco-editor'], include: prepared },
  test: {
    name: 'browser',
    include: ['src/**/*.browser.test.{ts,tsx}'],
    // Only ever waited for where something is broken: a loaded machine takes its time to draw.
    expect: { poll: { timeout: 10_000 } },
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: { executablePath: await findChromium(), args: ['--no-sandbox', '--disable-dev-shm-usage'] },
      }),
      instances: [{ browser: 'chromium' }],
    },
  },
})

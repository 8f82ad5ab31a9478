import { defineConfig } from 'vitest/config'

// Three kinds of test: `unit` (beside the code), `flow` (real processes and Chromium, one at a time) and `browser`
// (real Monaco in Chromium; client/vitest.config.ts). No retries: a test that fails sometimes is a bug we have.
export default defineConfig({
  test: {
    maxWorkers: 2,
    retry: 0,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['*/src/**/*.test.{ts,tsx}'],
          exclude: ['**/node_modules/**', '**/*.flow.test.ts', '**/*.browser.test.{ts,tsx}'],
          // Properties and simulations on a busy machine; how long a test takes is never what it asserts.
          testTimeout: 30_000,
          // Neither a person's nor a machine's settings reach a test.
          env: { TZ: 'UTC', LANG: 'C.UTF-8' },
        },
      },
      {
        test: {
          name: 'flow',
          include: ['e2e/src/**/*.flow.test.ts'],
          fileParallelism: false,
          testTimeout: 90_000,
          hookTimeout: 90_000,
        },
      },
      './client/vitest.config.ts',
    ],
  },
})

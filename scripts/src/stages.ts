import type { Stage } from './stage.ts'

// The checks that read the sources without running them. Each names its own remedy where it has one.
export const lint: Stage = { name: 'lint and layers', command: 'oxlint', args: ['--quiet'] }
export const format: Stage = { name: 'format (pnpm format)', command: 'oxfmt', args: ['--check'] }
export const types: Stage = { name: 'types', command: 'tsc', args: ['-b'] }
export const deadCode: Stage = { name: 'unused code', command: 'knip', args: ['--no-progress', '--no-config-hints'] }

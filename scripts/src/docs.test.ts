import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './stage.ts'

// Words rot when files move. Whatever a page names in backticks or links and that looks like one of our paths must exist.

const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...globSync('docs/**/*.md', { cwd: root })]
const ours = /^(?:shared|server|daemon|client|cli|e2e|bench|docs|scripts|\.ci)\/[\w./-]*$/

test.each(pages)('%s names only paths that exist', (page) => {
  const text = readFileSync(join(root, page), 'utf8')
  expect(pathsIn(text, page).filter((path) => !existsSync(join(root, path)))).toEqual([])
})

test('[OPS-19] what we tell people to type goes through npm: there is no tandem on their PATH', () => {
  const sources = globSync('*/src/**/*.{ts,tsx}', { cwd: root, exclude: ['**/node_modules/**', '**/*.test.ts'] })
  const bare = sources.flatMap((source) =>
    readFileSync(join(root, source), 'utf8')
      .split('\n')
      .filter((line) => !/^\s*(?:\*|\/\*|\/\/)/.test(line))
      .filter((line) => /\btandem (?:up|daemon|doctor|status|token|server|login|logout)\b/.test(line))
      .map((line) => `${source}: ${line.trim()}`),
  )
  expect(bare).toEqual([])
  const manifest = readFileSync(join(root, 'package.json'), 'utf8')
  expect(manifest).toContain('"tandem": "exec node scripts/bootstrap.mjs tandem"')
})

test('both ways of naming a path are seen', () => {
  const text =
    'See `server/src/nowhere.ts:12`, [this](../gone.md#part) and ![it](pictures/x.png), not [that](https://example.org).'
  expect(pathsIn(text, 'docs/page.md')).toEqual(['server/src/nowhere.ts', 'gone.md', 'docs/pictures/x.png'])
})

function pathsIn(text: string, page: string) {
  const code = [...text.matchAll(/`([^`\s]+)`/g)]
    .map(([, path]) => path!.replace(/:\d+$/, ''))
    .filter((path) => ours.test(path))
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^(?:[a-z]+:|#)/.test(target))
    .map((target) => join(dirname(page), target.replace(/#.*$/, '')))
  return [...code, ...links]
}

test('a page that a comment points to exists', () => {
  const sources = globSync('*/{src,build,bootstrap}/**/*.{ts,tsx,mjs}', { cwd: root, exclude: ['**/node_modules/**'] })
  const broken = sources.flatMap((source) =>
    [...readFileSync(join(root, source), 'utf8').matchAll(/\bdocs\/[\w/-]+\.md\b/g)]
      .map(([page]) => page)
      .filter((page) => page !== 'docs/page.md' && !existsSync(join(root, page)))
      .map((page) => `${source}: ${page}`),
  )
  expect(broken).toEqual([])
})

/** The sample workspace: small enough to read, with something to edit, to run and to watch. Needs no network. */
export const playgroundFiles: Readonly<Record<string, string>> = {
  'README.md': `# A place to try Tandem

This folder is on your disk, and it is open in your browser. Both are the same.

1. Open this page in **two tabs** and type. Each tab sees the other's cursor.
2. Open \`notes/ideas.md\` in **your own editor** (vim, VS Code, any) and save: it changes in both tabs while you look.
3. Run a command (the panel below): \`node test.mjs\`. Its output arrives as it is written, in every tab.
4. Run \`node src/garden.mjs\` and **cancel** it half-way.
5. Switch your network off, or stop Tandem with Ctrl-C, and go on typing. When it is back, nothing is lost.

The count of hidden files under the tree tells what is *not* shared: \`.env\`, and what \`.gitignore\` names.
Delete the whole folder to get a fresh one at the next start.
`,
  'notes/ideas.md': `# Ideas

- [ ] let the garden grow a tree
- [ ] count the longest word too (\`src/words.mjs\`, then run \`node test.mjs\`)
- [ ] write a haiku about merging
`,
  'src/words.mjs': `/** How often each word occurs in a text, the most frequent first. */
export function countWords(text) {
  const counts = new Map()
  for (const word of text.toLowerCase().match(/\\p{L}+/gu) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]))
}
`,
  'src/garden.mjs': `// Grows a garden, one line every quarter of a second. Run it, watch it, cancel it.
import { setTimeout as sleep } from 'node:timers/promises'

const plants = [['90', '.'], ['32', ','], ['32', 'i'], ['92', 'Y'], ['93', '*'], ['95', '@']]
const days = Number(process.argv[2] ?? 80)

for (let day = 1; day <= days; day++) {
  const ages = Array.from({ length: 48 }, (_, i) => Math.min(plants.length - 1, Math.floor((day * (1 + ((i * 7) % 11))) / 60)))
  const bed = ages.map((age) => \`\\x1b[\${plants[age][0]}m\${plants[age][1]}\`).join(' ')
  console.log(\`\\x1b[2mday \${String(day).padStart(3)}\\x1b[0m \${bed}\\x1b[0m\`)
  await sleep(250)
}
console.log('\\x1b[32mThe garden is grown.\\x1b[0m')
`,
  'test.mjs': `import assert from 'node:assert/strict'
import { countWords } from './src/words.mjs'

const checks = {
  'counts words': () => assert.deepEqual(countWords('a b a'), [['a', 2], ['b', 1]]),
  'minds no capitals': () => assert.deepEqual(countWords('Tea tea'), [['tea', 2]]),
  'knows letters of every script': () => assert.equal(countWords('naïve 東京 naïve')[0][0], 'naïve'),
  'an empty text has none': () => assert.deepEqual(countWords(''), []),
}

let failed = 0
for (const [name, check] of Object.entries(checks)) {
  try {
    check()
    console.log(\`\\x1b[32m✓\\x1b[0m \${name}\`)
  } catch (error) {
    failed++
    console.log(\`\\x1b[31m✗\\x1b[0m \${name}\\n  \${error.message}\`)
  }
}
console.log(\`\\n\${Object.keys(checks).length - failed} passed, \${failed} failed\`)
process.exitCode = failed ? 1 : 0
`,
  'package.json': `{
  "name": "playground",
  "private": true,
  "type": "module",
  "scripts": { "test": "node test.mjs", "start": "node src/garden.mjs" }
}
`,
  '.gitignore': `node_modules/
dist/
*.log
.env
`,
  '.env': `# Never shared: Tandem hides .env files from everyone, and from commands too.
SECRET=between-us
`,
}

import { fileURLToPath } from 'node:url'

/** Modules of others in whose place another one is taken, in the build and in tests. */
export const aliases = [
  // y-monaco imports a path that Monaco dropped in 0.56: give it the very instance the editor uses.
  { find: 'monaco-editor/esm/vs/editor/editor.api.js', replacement: 'monaco-editor/editor/editor.api.js' },
  // Monaco's way to a language's worker brings every feature of the editor along: 100 KiB more for the first TypeScript
  // or JSON file, and too late for the editors after it, which then fail over services that are not there.
  {
    find: /^\.\.\/\.\.\/\.\.\/internal\/common\/workers\.js$/,
    replacement: fileURLToPath(new URL('../src/editor/monaco-worker.ts', import.meta.url)),
  },
]

import('./editor/monaco.ts')

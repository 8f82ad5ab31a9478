import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { offlineShell } from './build/offline-shell.ts'

export default defineConfig({
  resolve: {
    // y-monaco imports a path that Monaco dropped in 0.56: give it the very instance the editor uses.
    alias: [{ find: 'monaco-editor/esm/vs/editor/editor.api.js', replacement: 'monaco-editor/editor/editor.api.js' }],
    // Two copies of Yjs cannot read each other's documents.
    dedupe: ['yjs', 'lib0', 'y-protocols', 'monaco-editor', 'react', 'react-dom'],
  },
  plugins: [react(), offlineShell()],
  worker: { format: 'es' },
  build: { target: 'es2022', reportCompressedSize: false, chunkSizeWarningLimit: 8000 },
  server: { proxy: { '/api': { target: process.env['TANDEM_URL'] ?? 'http://127.0.0.1:4310', ws: true } } },
})

import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { aliases } from './build/aliases.ts'
import { offlineShell } from './build/offline-shell.ts'

export default defineConfig({
  resolve: {
    alias: aliases,
    // Two copies of Yjs cannot read each other's documents.
    dedupe: ['yjs', 'lib0', 'y-protocols', 'monaco-editor', 'react', 'react-dom'],
  },
  plugins: [react(), offlineShell()],
  worker: { format: 'es' },
  build: { target: 'es2022', reportCompressedSize: false, chunkSizeWarningLimit: 8000 },
  server: { proxy: { '/api': { target: process.env['TANDEM_URL'] ?? 'http://127.0.0.1:4310', ws: true } } },
})

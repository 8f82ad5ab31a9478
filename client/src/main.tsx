import './ui/base.css'
import './ui/tokens.css'
import './ui/fonts.css'
import './ui/peers.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { openOffline } from './session/offline.ts'

const root = document.querySelector('#root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  )
}
void openOffline()

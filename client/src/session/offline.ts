import { createState } from './state.ts'

/** A newer build of the page is ready and waits for its turn. */
export const update = createState<{ ready: boolean }>({ ready: false })

/** Registers the service worker, so that the page opens with the server down. A no-op where there is none (plain http). */
export async function openOffline(): Promise<void> {
  if (!('serviceWorker' in navigator) || import.meta.env.DEV) return
  try {
    const registration = await navigator.serviceWorker.register('/sw.js')
    const look = () => {
      if (registration.waiting && navigator.serviceWorker.controller) update.set({ ready: true })
    }
    // A page that has just opened, alone, loses nothing by being the new one.
    if (registration.waiting) {
      navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true })
      registration.waiting.postMessage('take-over-if-alone')
    }
    look()
    registration.addEventListener('updatefound', () => registration.installing?.addEventListener('statechange', look))
  } catch {
    // Not over https and not on localhost, or blocked: the page works, but will not open offline.
  }
}

/** Lets the waiting build take over, and reloads into it. */
export async function takeUpdate(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration()
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true })
  registration?.waiting?.postMessage('take-over')
}

import { useSyncExternalStore } from 'react'

export type Theme = 'dark' | 'light'

const current = (): Theme => (document.documentElement.dataset['theme'] === 'light' ? 'light' : 'dark')

/** The theme in use, and a way to choose the other; until one is chosen it follows the system. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  return [useSyncExternalStore(subscribe, current), choose]
}

function choose(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme
  try {
    localStorage.setItem('tandem.theme', theme)
  } catch {
    // Storage is blocked: it holds for this visit.
  }
}

function subscribe(wake: () => void): () => void {
  const observer = new MutationObserver(wake)
  observer.observe(document.documentElement, { attributeFilter: ['data-theme'] })
  const system = matchMedia('(prefers-color-scheme: light)')
  const follow = () => {
    let chosen: string | null = null
    try {
      chosen = localStorage.getItem('tandem.theme')
    } catch {
      // Storage is blocked: nothing was chosen.
    }
    if (chosen === null) document.documentElement.dataset['theme'] = system.matches ? 'light' : 'dark'
  }
  system.addEventListener('change', follow)
  return () => {
    observer.disconnect()
    system.removeEventListener('change', follow)
  }
}

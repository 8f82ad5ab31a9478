import { useEffect } from 'react'

/** F6 and Shift+F6 go from region to region, as in other editors. */
export function useRegionKeys(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'F6' || event.ctrlKey || event.altKey) return
      const regions = [...document.querySelectorAll<HTMLElement>('[data-region]')]
      const at = regions.findIndex((r) => r.contains(document.activeElement))
      const step = event.shiftKey ? -1 : 1
      const next = regions[(at + step + regions.length) % regions.length]
      // The files themselves come before the buttons above them.
      const inside =
        next?.querySelector<HTMLElement>('[role=tree]') ??
        next?.querySelector<HTMLElement>(
          'textarea, .native-edit-context, [role=tab][aria-selected=true], input, button',
        )
      ;(inside ?? next)?.focus()
      event.preventDefault()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
}

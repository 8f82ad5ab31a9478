import { type RefObject, useLayoutEffect, useRef, useState } from 'react'

/**
 * For what goes away by itself, as others act: the focus that was in it goes to the first visible element that `next`
 * selects, within what `root` selects around it.
 */
export function useFocusAfter<E extends HTMLElement>(root: string, ...next: readonly string[]): RefObject<E | null> {
  const own = useRef<E>(null)
  const [places] = useState(next)
  useLayoutEffect(() => {
    const element = own.current
    return () => {
      if (!element?.contains(document.activeElement)) return
      const around = element.closest(root)
      const move = () => {
        const { activeElement } = document
        if (!around?.isConnected || (activeElement !== document.body && activeElement !== around)) return
        const found = places.flatMap((place) => [...around.querySelectorAll<HTMLElement>(place)])
        found.find((each) => each.checkVisibility({ visibilityProperty: true }))?.focus()
      }
      // A dialog takes the focus to itself in the next frame.
      requestAnimationFrame(() => requestAnimationFrame(move))
    }
  }, [root, places])
  return own
}

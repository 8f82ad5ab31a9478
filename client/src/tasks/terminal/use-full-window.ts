import { type FocusEvent, useCallback, useLayoutEffect, useRef, useState } from 'react'

/** Lets an element fill the window, above all else, without making it anew. Once the focus is elsewhere it goes back. */
export function useFullWindow() {
  const ref = useRef<HTMLElement>(null)
  const [isOn, setOn] = useState(false)
  useLayoutEffect(() => {
    const element = ref.current
    if (!isOn || !element) return
    // As a popover it is above whatever holds it, and whatever that cuts off.
    element.popover = 'manual'
    element.showPopover()
    return () => element.removeAttribute('popover')
  }, [isOn])
  return {
    ref,
    isOn,
    toggle: () => setOn(!isOn),
    onBlur: useCallback(({ currentTarget, relatedTarget }: FocusEvent) => {
      if (relatedTarget && !currentTarget.contains(relatedTarget)) setOn(false)
    }, []),
  }
}

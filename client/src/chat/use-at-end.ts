import { useCallback, useEffect, useRef, useState } from 'react'

/** So near to the end, in px, is at it. */
const near = 40

/** Keeps what grows at its end in view until somebody scrolls away from it. */
export function useAtEnd() {
  const box = useRef<HTMLDivElement>(null)
  const follows = useRef(true)
  const [isAtEnd, setAtEnd] = useState(true)
  const toEnd = useCallback(() => {
    follows.current = true
    setAtEnd(true)
    box.current?.scrollTo({ top: box.current.scrollHeight })
  }, [])
  const onScroll = useCallback(() => {
    const element = box.current
    if (!element) return
    follows.current = element.scrollHeight - element.scrollTop - element.clientHeight <= near
    setAtEnd(follows.current)
  }, [])
  useEffect(() => {
    const element = box.current
    if (!element) return
    const follow = () => follows.current && element.scrollTo({ top: element.scrollHeight })
    // What is in it grows without its telling: each part is watched, also those that come.
    const sizes = new ResizeObserver(follow)
    const watch = () => {
      sizes.disconnect()
      sizes.observe(element)
      for (const child of element.children) sizes.observe(child)
      follow()
    }
    const parts = new MutationObserver(watch)
    parts.observe(element, { childList: true })
    watch()
    return () => {
      sizes.disconnect()
      parts.disconnect()
    }
  }, [])
  return { box, onScroll, isAtEnd, toEnd }
}

import { useEffect, useRef } from 'react'
import { placeOf, type TaskPlace } from './task-link.ts'

/**
 * Calls with the place in the tasks that the page's address names, each time it names another: also one that was named
 * while the component was hidden.
 */
export function useTaskLink(onPlace: (place: TaskPlace) => void): void {
  const call = useRef(onPlace)
  const seen = useRef(location.hash)
  useEffect(() => {
    call.current = onPlace
  })
  useEffect(() => {
    const look = () => {
      seen.current = location.hash
      const place = placeOf(location.hash)
      if (place) call.current(place)
    }
    if (location.hash !== seen.current) look()
    addEventListener('hashchange', look)
    return () => {
      // What was copied here is in the address too, and led nowhere.
      seen.current = location.hash
      removeEventListener('hashchange', look)
    }
  }, [])
}

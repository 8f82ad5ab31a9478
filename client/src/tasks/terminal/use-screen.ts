import type { TerminalSize } from '@tandem/shared'
import { useEffect, useRef, useState } from 'react'
import { useTheme } from '../../ui/theme.ts'
import { openScreen, type Screen } from './screen.ts'

type Options = {
  /** At first. */
  size: TerminalSize
  /** Whether a screen reader is to read it. */
  isRead: boolean
  mayType: boolean
  onLink: (address: string | undefined) => void
}

/** The terminal in the page, once its font is here; and the size that would fill the view. */
export function useScreen({ size, isRead, mayType, onLink }: Options) {
  const host = useRef<HTMLDivElement>(null)
  const [screen, setScreen] = useState<Screen>()
  const [fits, setFits] = useState<TerminalSize>()
  const [theme] = useTheme()

  useEffect(() => {
    const element = host.current
    if (!element) return
    let opened: Screen | undefined
    let isOver = false
    const open = () => {
      if (isOver) return
      const now = (opened = openScreen({ host: element, size, theme, onLink }))
      const measure = () =>
        setFits((was) => {
          const fits = now.fits()
          return was?.cols === fits?.cols && was?.rows === fits?.rows ? was : fits
        })
      observer = new ResizeObserver(measure)
      observer.observe(element)
      measure()
      setScreen(now)
    }
    let observer: ResizeObserver | undefined
    // Characters are measured once: in another font they would not fit their places.
    document.fonts.load("13px 'JetBrains Mono Variable'").then(open, open)
    return () => {
      isOver = true
      observer?.disconnect()
      opened?.close()
      setScreen(undefined)
    }
    // oxlint-disable-next-line react/exhaustive-deps -- one terminal; what changes is told to it below
  }, [])
  useEffect(() => screen?.setTheme(theme), [screen, theme])
  useEffect(() => screen?.allow({ isRead, mayType }), [screen, isRead, mayType])
  return { host, screen, fits }
}

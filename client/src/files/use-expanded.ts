import { useCallback, useEffect, useMemo } from 'react'
import { asStrings, useRemembered } from '../ui/remembered.ts'
import { parentsOf } from './tree.ts'

/** Which folders stand open, kept on this device; the current file's are opened with it. */
export function useExpanded(workspaceId: string, currentPath: string | undefined) {
  const [paths, setPaths] = useRemembered<string[]>(`tandem.expanded.${workspaceId}`, [], asStrings)
  const expanded = useMemo<ReadonlySet<string>>(() => new Set(paths), [paths])
  const setExpanded = useCallback((next: ReadonlySet<string>) => setPaths([...next]), [setPaths])
  useEffect(() => {
    const missing = currentPath === undefined ? [] : parentsOf(currentPath).filter((p) => !expanded.has(p))
    if (missing.length > 0) setPaths([...expanded, ...missing])
    // oxlint-disable-next-line react/exhaustive-deps -- only when another file comes to the front: closing its folder stays possible
  }, [currentPath])
  return [expanded, setExpanded] as const
}

import type { View } from '@tandem/shared/docs'
import { useSyncExternalStore } from 'react'

/** The view's value, now and after every change. */
export const useView = <T>(view: View<T>): T => useSyncExternalStore(view.subscribe, view.snapshot)

import { Toast } from '@base-ui/react/toast'

export const toasts = Toast.createToastManager()

/** Says something shortly, with one thing to do about it: undo rather than confirm. */
export function toast(text: string, action?: { label: string; run: () => void }): void {
  const id: string = toasts.add({
    description: text,
    ...(action && {
      actionProps: {
        children: action.label,
        onClick: () => {
          action.run()
          toasts.close(id)
        },
      },
    }),
  })
}

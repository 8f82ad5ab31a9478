import { toast } from './toast.ts'

/** Puts a text on the clipboard and says so; says so too where the browser does not allow it. */
export async function copy(text: string, said: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    toast(said)
  } catch {
    toast('This browser did not allow copying.')
  }
}

import type { Shadows } from './shadow.ts'

/**
 * Keeps the shadows where they are of these documents and of this very folder, else forgets them: what was remembered of
 * another history, or of the folder that this one is a copy of, would delete or double. Then everything meets anew.
 */
export async function openMemory(
  shadows: Pick<Shadows, 'note' | 'setNote' | 'clear'>,
  { history, folder }: { history: string; folder: string },
): Promise<void> {
  const of = await shadows.note('folder')
  if ((await shadows.note('history')) !== history || (of !== undefined && of !== folder)) {
    await shadows.clear()
    await shadows.setNote('cursor', '')
  }
  await shadows.setNote('history', history)
  await shadows.setNote('folder', folder)
}

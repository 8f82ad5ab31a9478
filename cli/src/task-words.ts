import { plainText } from '@tandem/shared'

/** What others called a task, in one line that does nothing to a terminal. */
export const nameLine = (title: string): string => plainText(title).replaceAll(/\s+/g, ' ')

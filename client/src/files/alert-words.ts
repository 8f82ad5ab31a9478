import { visibleText } from '@tandem/shared'
import type { MirrorAlert } from '@tandem/shared/docs'

/** What to do about an alert where the machine that tells it does not say so itself. */
const fixes: Record<MirrorAlert['kind'], string> = {
  'watch-limit':
    'Until then changes are found by looking at everything each second. On that machine, raise fs.inotify.max_user_watches and start the daemon anew.',
  watcher: 'Changes are found by looking at everything now and then. Start the daemon anew if this stays.',
  clash: 'Rename one of the two: on some disks both names are one file.',
  unwritable: 'Make the file and its folder writable for the daemon, or free disk space. It is tried again by itself.',
  unreadable: 'Let the daemon read it. Until then it stays as it is for everybody: nothing is deleted.',
  refused: 'Rename or move it, and it is shared.',
}

/** An alert in two sentences: what is wrong, and what a person can do. */
export const alertWords = ({ kind, path, says, fix }: MirrorAlert): { says: string; fix: string } => ({
  // A name keeps its letters, also where it begins the sentence.
  says: path !== undefined && says.startsWith(path) ? visibleText(says) : sentence(visibleText(says)),
  fix: fix === undefined ? fixes[kind] : sentence(visibleText(fix)),
})

const sentence = (text: string) =>
  `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.!?…]$/.test(text) || text === '' ? '' : '.'}`

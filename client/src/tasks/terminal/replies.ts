/* eslint-disable no-control-regex -- control characters are what this file is about */

/**
 * What a terminal says by itself: who it is, where its cursor is, its colours, its settings, that it has the focus, what
 * the mouse does. A page that only looks on must not say it: the program would hear it from everybody, and who merely
 * looks would drive.
 */
const replies = [
  // Device attributes, status and cursor, settings, window sizes, focus.
  /^\x1b\[[?>=]?[\d;:]*(?:c|n|R|x|t|\$y)$/,
  /^\x1b\[\?\d+u$/,
  /^\x1b\[[IO]$/,
  // Colours, settings, names: strings of theirs.
  /^\x1b[\]P][^\x1b\x07]*(?:\x07|\x1b\\)$/,
  // The mouse, as newer and older programs ask for it.
  /^\x1b\[<[\d;]+[Mm]$/,
  /^\x1b\[M[^]{3}$/,
] as const

/** Whether the terminal says this by itself, rather than the person who types at it. */
export const isReply = (data: string): boolean => replies.some((reply) => reply.test(data))

import * as Y from 'yjs'

/**
 * A document for the time of one look or one draft. It is given its guid, which nobody asks for: Yjs would make one of
 * some thirty random numbers, and take twenty times as long (100 µs instead of 5, for each of thousands of files).
 */
export const draftDoc = (): Y.Doc => new Y.Doc({ gc: false, guid: 'draft' })

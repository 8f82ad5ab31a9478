/** Every code with which a socket ends, for the docs page: what it means, and whether a client comes again. */
export const closeCodes = [
  {
    code: 1000,
    means: 'Done, or silent for too long: nobody was left to tell.',
    comeBack: 'Yes, when there is something to do.',
  },
  { code: 1001, means: 'The server stops (going-away).', comeBack: 'Yes, at once: it may be a restart.' },
  { code: 1002, means: 'The frames break the WebSocket protocol.', comeBack: 'Only another client.' },
  {
    code: 1007,
    means: 'A change could not be read (bad-request). Nothing of it was kept.',
    comeBack: 'Only without that change.',
  },
  {
    code: 1009,
    means: 'A message was larger than maxMessageBytes, or too much came before anyone signed in (too-large).',
    comeBack: 'Only in smaller pieces.',
  },
  {
    code: 1011,
    means: 'The server cannot write to its disk (store-failed), or made a mistake of its own.',
    comeBack: 'Yes: read-only until the disk works.',
  },
  { code: 4205, means: 'The documents have to be joined anew.', comeBack: 'Yes, at once.' },
  {
    code: 4401,
    means: 'The access token is not valid, has run out, or was withdrawn.',
    comeBack: 'With a fresh token.',
  },
  { code: 4403, means: 'Not allowed: no longer a member.', comeBack: 'No.' },
  { code: 4408, means: 'Nobody signed in within signInMs.', comeBack: 'Yes.' },
  {
    code: 4409,
    means:
      'Another daemon serves the workspace, or this one gave it up (workspace-served). At a new connection it is told document by document, as epoch-changed is.',
    comeBack: 'After a reload, or when it is free.',
  },
  { code: 4429, means: 'Too many messages a second, for seconds (rate-limited).', comeBack: 'After a pause.' },
] as const

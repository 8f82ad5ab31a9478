/**
 * Of what is open whoever started the daemon may have left some to it, and libuv marks only the lowest numbers of those as
 * not to be handed on. A folder among them would be a way out of any walls, so a shell closes them before the walls go up.
 */
const closing =
  'last=$1; shift; for f in /dev/fd/*; do n=${f##*/}; [[ $n == *[!0-9]* ]] || ((n <= last)) || exec {n}>&-; done; exec "$@"'

/**
 * What comes before a program that is to have the descriptors up to `last` alone. `-p`, `--norc`: no file or function of
 * anybody's is read, not even where its input is a socket, which bash takes for somebody's who logs in from elsewhere.
 */
export const withDescriptorsUpTo = (last: number) =>
  ['/bin/bash', '--norc', '-pc', closing, 'bash', String(last)] as const

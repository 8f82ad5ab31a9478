/** Where a link in an answer leads. */
export type Target = { is: 'web'; href: string } | { is: 'file'; path: string } | { is: 'nowhere' }

/**
 * What an agent writes is a stranger's word: a link leads to the web, or to a file of the workspace that there is, and
 * nothing else in it can be clicked.
 */
export function targetOfLink(href: string, isPath: (path: string) => boolean): Target {
  // A browser drops these from an address before it looks at its scheme.
  if (/\p{Cc}/u.test(href)) return { is: 'nowhere' }
  if (/^https?:\/\//i.test(href)) {
    const url = URL.parse(href)
    return url && url.username === '' && url.password === '' ? { is: 'web', href: url.href } : { is: 'nowhere' }
  }
  const path = href.replace(/^\.?\//, '').replace(/#.*$/, '')
  return isPath(path) ? { is: 'file', path } : { is: 'nowhere' }
}

/** The address of a page in the web; undefined for any other, such as one that is a program. */
export function webAddress(address: string): string | undefined {
  const url = URL.parse(address)
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url.href : undefined
}

export type WebLink = { from: number; to: number; href: string }

/** The web addresses in a line, without what ends the sentence around them. */
export function webLinks(text: string): readonly WebLink[] {
  if (!text.includes('://')) return []
  return [...text.matchAll(/\bhttps?:\/\/[^\s<>"'`]+/gi)].flatMap(({ 0: found, index }) => {
    const address = found.replace(found.includes('(') ? /[.,;:!?\]}]+$/ : /[.,;:!?\]})]+$/, '')
    const href = webAddress(address)
    return href === undefined ? [] : [{ from: index, to: index + address.length, href }]
  })
}

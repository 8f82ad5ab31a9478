/** Moves a file back from where it was set aside, in a shell in the folder: never over something that is there by now. */
export const moveBack = (folder: string, path: string): string =>
  `mv -n -- ${quoted(`${folder}/${path}`)} ${quoted(path)}`

const quoted = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)

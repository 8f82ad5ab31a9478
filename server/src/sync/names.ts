/** The part of a full document name behind `ws/<workspace>/<epoch>/`: how the log calls it. */
export function docPathOf(name: string): string {
  let at = -1
  for (let i = 0; i < 3; i++) at = name.indexOf('/', at + 1)
  return name.slice(at + 1)
}

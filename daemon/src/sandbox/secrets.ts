const examples = /\.(example|sample|template|dist)$/

/** Whether a file of this name is hidden by these patterns; `*` stands for any characters. */
export function secretNames(globs: readonly string[]): (name: string) => boolean {
  const patterns = globs.map(toPattern)
  return (name) => !examples.test(name) && patterns.some((pattern) => pattern.test(name))
}

const toPattern = (glob: string): RegExp => {
  const parts = glob.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`)
}

import { Braces, File, FileCode2, FileText, Image, Settings2, Terminal } from 'lucide-react'
import { memo } from 'react'

const code =
  /\.(ts|tsx|js|jsx|mjs|cjs|py|go|rs|java|kt|c|h|cpp|hpp|cs|rb|php|swift|lua|sql|vue|svelte|css|scss|less|html|xml)$/i
const picture = /\.(png|jpe?g|gif|svg|webp|avif|ico)$/i
const words = /\.(md|mdx|txt|rst|adoc)$|^(readme|license|changelog|contributing)/i
const data = /\.(json|jsonc|ya?ml|toml|csv|tsv|lock)$/i
const shell = /\.(sh|bash|zsh|fish|ps1)$|^(makefile|dockerfile|justfile)/i

/** A quiet picture of what kind of file it is; hue is for authorship, so it has none. */
export const FileIcon = memo(({ name, size = 14 }: { name: string; size?: number }) => {
  const Icon = words.test(name)
    ? FileText
    : shell.test(name)
      ? Terminal
      : code.test(name)
        ? FileCode2
        : data.test(name)
          ? Braces
          : picture.test(name)
            ? Image
            : name.startsWith('.')
              ? Settings2
              : File
  return <Icon size={size} aria-hidden strokeWidth={1.6} />
})
FileIcon.displayName = 'FileIcon'

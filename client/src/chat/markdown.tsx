import { visibleText } from '@tandem/shared'
import { lexer, type Token, type Tokens } from 'marked'
import { createContext, memo, type ReactNode, use, useMemo } from 'react'
import styles from './chat.module.css'
import { CodeBlock } from './code-block.tsx'
import { targetOfLink } from './safe-link.ts'

/** Longer texts are shown as they are: nobody waits for their form. */
const maxFormed = 200_000

/** What the words of an answer can lead to. */
export type Reach = {
  isPath: (path: string) => boolean
  openFile: (path: string) => void
}
export const ReachContext = createContext<Reach>({ isPath: () => false, openFile: () => {} })

/**
 * An answer in Markdown. It is read into parts and rendered as elements of ours alone: no HTML of its own, no picture
 * from elsewhere. Of a text that grows only its last part is rendered again.
 */
export function Markdown({ text }: { text: string }) {
  const blocks = useMemo(() => (text.length > maxFormed ? undefined : lexer(text)), [text])
  if (!blocks) return <pre className={styles.plain}>{visibleText(text)}</pre>
  return (
    <div className={styles.prose}>
      {blocks.map((token, i) => (
        <MarkdownBlock key={i} raw={token.raw} token={token} />
      ))}
    </div>
  )
}

/** The same text is the same block. */
const MarkdownBlock = memo(
  ({ token }: { raw: string; token: Token }) => blockOf(token),
  (a, b) => a.raw === b.raw,
)

function blockOf(token: Token, key?: number): ReactNode {
  switch (token.type) {
    case 'space':
    case 'def':
      return undefined
    case 'heading': {
      // Below the headings of the page itself.
      return (
        <p
          key={key}
          role="heading"
          aria-level={Math.min(6, (token as Tokens.Heading).depth + 2)}
          className={styles.heading}
        >
          {inline(token.tokens)}
        </p>
      )
    }
    case 'paragraph':
      return <p key={key}>{inline(token.tokens)}</p>
    case 'text':
      return <span key={key}>{token.tokens ? inline(token.tokens) : visibleText(token.text as string)}</span>
    case 'code': {
      const { text, lang = '' } = token as Tokens.Code
      return <CodeBlock key={key} code={text} language={lang.trim().split(/\s/)[0] ?? ''} />
    }
    case 'blockquote':
      return <blockquote key={key}>{token.tokens?.map(blockOf)}</blockquote>
    case 'list': {
      const { ordered, start, items } = token as Tokens.List
      const rows = items.map((item, i) => (
        <li key={i}>
          {item.task && <input type="checkbox" checked={item.checked === true} readOnly disabled aria-label="Done" />}
          {item.tokens.filter(({ type }) => type !== 'checkbox').map(blockOf)}
        </li>
      ))
      return ordered ? (
        <ol key={key} start={typeof start === 'number' ? start : 1}>
          {rows}
        </ol>
      ) : (
        <ul key={key}>{rows}</ul>
      )
    }
    case 'table': {
      const { header, rows } = token as Tokens.Table
      return (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reached
        <div key={key} className={styles.tableBox} tabIndex={0} role="region" aria-label="Table">
          <table>
            <thead>
              <tr>
                {header.map((cell, i) => (
                  <th key={i}>{inline(cell.tokens)}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row, i) => (
                <tr key={i}>
                  {row.map((cell, n) => (
                    <td key={n}>{inline(cell.tokens)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )
    }
    case 'hr':
      return <hr key={key} />
    default:
      // HTML among them: it is shown as it was written.
      return <p key={key}>{visibleText(token.raw.trim())}</p>
  }
}

const inline = (tokens: readonly Token[] = []): ReactNode => tokens.map(inlineOf)

function inlineOf(token: Token, key: number): ReactNode {
  switch (token.type) {
    case 'strong':
      return <strong key={key}>{inline(token.tokens)}</strong>
    case 'em':
      return <em key={key}>{inline(token.tokens)}</em>
    case 'del':
      return <del key={key}>{inline(token.tokens)}</del>
    case 'codespan':
      return <CodeSpan key={key} text={token.text as string} />
    case 'br':
      return <br key={key} />
    case 'link':
      return (
        <Link key={key} href={(token as Tokens.Link).href}>
          {inline(token.tokens)}
        </Link>
      )
    case 'image': {
      // A picture would tell its server that somebody reads this.
      const { href, text } = token as Tokens.Image
      return (
        <Link key={key} href={href}>
          picture: {visibleText(text || href)}
        </Link>
      )
    }
    case 'text':
      return token.tokens ? <span key={key}>{inline(token.tokens)}</span> : visibleText(token.text as string)
    case 'escape':
      return visibleText(token.text as string)
    default:
      return visibleText(token.raw)
  }
}

/** Code in a line; a path of the workspace leads to its file. */
function CodeSpan({ text }: { text: string }) {
  const { isPath, openFile } = use(ReachContext)
  const path = text.replace(/:\d+(-\d+)?$/, '')
  if (!isPath(path)) return <code>{visibleText(text)}</code>
  return (
    <button type="button" className={styles.fileLink} onClick={() => openFile(path)}>
      <code>{visibleText(text)}</code>
    </button>
  )
}

function Link({ href, children }: { href: string; children: ReactNode }) {
  const { isPath, openFile } = use(ReachContext)
  const target = targetOfLink(href, isPath)
  if (target.is === 'web')
    return (
      <a href={target.href} target="_blank" rel="noopener noreferrer" title={target.href}>
        {children}
      </a>
    )
  if (target.is === 'file')
    return (
      <button type="button" className={styles.fileLink} onClick={() => openFile(target.path)}>
        {children}
      </button>
    )
  return (
    <span>
      {children} ({visibleText(href)})
    </span>
  )
}

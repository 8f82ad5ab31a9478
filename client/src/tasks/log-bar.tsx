import {
  ArrowDownToLine,
  ChevronDown,
  ChevronsDownUp,
  ChevronUp,
  Clock,
  Copy,
  Download,
  Link2,
  Regex,
  Search,
  WrapText,
  X,
} from 'lucide-react'
import { memo, type ReactNode, type RefObject } from 'react'
import button from '../ui/button.module.css'
import { IconButton } from '../ui/icon-button.tsx'
import { Tip } from '../ui/tip.tsx'
import styles from './tasks.module.css'

type Toggle = { isOn: boolean; set: (isOn: boolean) => void }
export type LogSwitch = 'follow' | 'wrap' | 'times' | 'search' | 'folds'
type LogBarProps = {
  children: ReactNode
  isEmpty: boolean
  isFollowing: boolean
  wraps: boolean
  showsTime: boolean
  isSearching: boolean
  /** All named parts are shut, or not; undefined where there are none. */
  areFoldsShut: boolean | undefined
  onSwitch: (what: LogSwitch, isOn: boolean) => void
  onCopy: () => void
  onLink: () => void
  /** Where the whole output can be had as a file; undefined while the server is out of reach. */
  fileUrl: string | undefined
}

/** What can be done with an output. Each has a key, which works while the output has the focus. */
export const LogBar = memo(function LogBar({
  children,
  isEmpty,
  isFollowing,
  wraps,
  showsTime,
  isSearching,
  areFoldsShut,
  onSwitch,
  onCopy,
  onLink,
  fileUrl,
}: LogBarProps) {
  const toggle = (what: LogSwitch, isOn: boolean): Toggle => ({ isOn, set: (isOn) => onSwitch(what, isOn) })
  return (
    <header className={styles.outputBar}>
      <span>output:</span>
      <span className={styles.about}>{children}</span>
      <span className={styles.grow} />
      <Switch {...toggle('search', isSearching)} label="Search the output" shortcut="/" isDisabled={isEmpty}>
        <Search size={14} aria-hidden />
      </Switch>
      {areFoldsShut !== undefined && (
        <Switch {...toggle('folds', areFoldsShut)} label="Fold all parts">
          <ChevronsDownUp size={14} aria-hidden />
        </Switch>
      )}
      <Switch {...toggle('wrap', wraps)} label="Wrap long lines" shortcut="W">
        <WrapText size={14} aria-hidden />
      </Switch>
      <Switch {...toggle('times', showsTime)} label="Show when each line came" shortcut="T">
        <Clock size={14} aria-hidden />
      </Switch>
      <IconButton label="Copy a link to this line" disabled={isEmpty} onClick={onLink}>
        <Link2 size={14} aria-hidden />
      </IconButton>
      <IconButton label="Copy output" disabled={isEmpty} onClick={onCopy}>
        <Copy size={14} aria-hidden />
      </IconButton>
      {fileUrl !== undefined && (
        <Tip text="Download the output">
          <a className={button.icon} href={fileUrl} download aria-label="Download the output">
            <Download size={14} aria-hidden />
          </a>
        </Tip>
      )}
      <Switch {...toggle('follow', isFollowing)} label="Follow the end" shortcut="F">
        <ArrowDownToLine size={14} aria-hidden />
      </Switch>
    </header>
  )
})

type SwitchProps = Toggle & { label: string; shortcut?: string; isDisabled?: boolean; children: ReactNode }

const Switch = ({ isOn, set, label, isDisabled = false, children, ...rest }: SwitchProps) => (
  <IconButton {...rest} label={label} disabled={isDisabled} aria-pressed={isOn} onClick={() => set(!isOn)}>
    {children}
  </IconButton>
)

type SearchBarProps = {
  words: string
  onWords: (words: string) => void
  /** The words are a regular expression. */
  isPattern: boolean
  onPattern: (isPattern: boolean) => void
  /** They are to be one, and are none: `found` says why. */
  isWrong: boolean
  /** How many were found, in words. */
  found: string
  canStep: boolean
  onStep: (by: 1 | -1) => void
  onClose: () => void
  input: RefObject<HTMLInputElement | null>
}

/** Words to look for, how often they are there, and the way from one to the next. */
export function SearchBar({
  words,
  onWords,
  isPattern,
  onPattern,
  isWrong,
  found,
  canStep,
  onStep,
  onClose,
  input,
}: SearchBarProps) {
  return (
    <search className={styles.searchBar}>
      <Search size={13} aria-hidden />
      <input
        ref={input}
        type="text"
        aria-label="Words to find in the output"
        aria-invalid={isWrong || undefined}
        placeholder="Find in the output"
        value={words}
        maxLength={200}
        spellCheck={false}
        autoComplete="off"
        onChange={(e) => onWords(e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.key === 'Enter') onStep(e.shiftKey ? -1 : 1)
          else if (e.key === 'Escape') onClose()
          else return
          e.preventDefault()
          e.stopPropagation()
        }}
      />
      <span className={styles.found} role="status" data-wrong={isWrong || undefined} title={found}>
        {found}
      </span>
      <Switch isOn={isPattern} set={onPattern} label="Search by regular expression">
        <Regex size={14} aria-hidden />
      </Switch>
      <IconButton label="Previous hit" shortcut="Shift N" disabled={!canStep} onClick={() => onStep(-1)}>
        <ChevronUp size={14} aria-hidden />
      </IconButton>
      <IconButton label="Next hit" shortcut="N" disabled={!canStep} onClick={() => onStep(1)}>
        <ChevronDown size={14} aria-hidden />
      </IconButton>
      <IconButton label="Close the search" shortcut="Esc" onClick={onClose}>
        <X size={14} aria-hidden />
      </IconButton>
    </search>
  )
}

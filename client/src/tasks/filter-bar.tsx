import type { Id } from '@tandem/shared'
import { ListFilter } from 'lucide-react'
import { useRef } from 'react'
import { IconButton } from '../ui/icon-button.tsx'
import { isFiltering, noFilter, stateGroups, type Facet, type Filter, type Filtered } from './filters.ts'
import styles from './tasks.module.css'

type FilterBarProps = {
  filter: Filter
  onFilter: (filter: Filter) => void
  filtered: Filtered
  nameOf: (facet: Facet, value: Id) => string
  isOpen: boolean
  onOpen: (isOpen: boolean) => void
}

const words = { running: 'Running', waiting: 'Waiting', failed: 'Failed', passed: 'Passed', stopped: 'Stopped' }
const choices = [
  ['kind', 'Kind', 'Any kind'],
  ['daemon', 'Daemon', 'On any daemon'],
  ['author', 'By whom', 'By anybody'],
] as const

/** What the list is narrowed to, with how many each choice would leave. */
export function FilterBar({
  filter,
  onFilter,
  filtered: { counts, ofAnyState },
  nameOf,
  isOpen,
  onOpen,
}: FilterBarProps) {
  const text = useRef<HTMLInputElement>(null)
  const open = (isOpen: boolean) => {
    onOpen(isOpen)
    if (isOpen) requestAnimationFrame(() => text.current?.focus())
  }
  const shown = stateGroups.filter((group) => counts.state.has(group) || filter.state === group)
  return (
    <div className={styles.filters}>
      <div className={styles.chips} role="group" aria-label="Show tasks by state">
        <Chip
          name="All"
          count={ofAnyState}
          isOn={filter.state === undefined}
          onClick={() => onFilter({ ...filter, state: undefined })}
        />
        {shown.map((group) => (
          <Chip
            key={group}
            name={words[group]}
            count={counts.state.get(group) ?? 0}
            isOn={filter.state === group}
            onClick={() => onFilter({ ...filter, state: filter.state === group ? undefined : group })}
          />
        ))}
        <span className={styles.grow} />
        {isFiltering(filter) && (
          <button type="button" className={styles.chip} onClick={() => onFilter(noFilter)}>
            Clear
          </button>
        )}
        <IconButton label="More filters" shortcut="/" aria-pressed={isOpen} onClick={() => open(!isOpen)}>
          <ListFilter size={14} aria-hidden />
        </IconButton>
      </div>
      {isOpen && (
        <div className={styles.more}>
          <input
            ref={text}
            type="text"
            className={styles.field}
            aria-label="Words in the command, the title or the name"
            placeholder="Words"
            value={filter.text}
            maxLength={200}
            spellCheck={false}
            autoComplete="off"
            onChange={(e) => onFilter({ ...filter, text: e.currentTarget.value })}
          />
          {choices.map(([facet, label, any]) => (
            <select
              key={facet}
              className={styles.field}
              aria-label={label}
              value={filter[facet] ?? ''}
              onChange={(e) =>
                onFilter({ ...filter, [facet]: e.currentTarget.value === '' ? undefined : e.currentTarget.value })
              }
            >
              <option value="">{any}</option>
              {valuesFor(counts[facet], filter[facet]).map(([value, count]) => (
                <option key={value} value={value}>
                  {nameOf(facet, value)} ({count})
                </option>
              ))}
            </select>
          ))}
        </div>
      )}
    </div>
  )
}

/** The commonest first; the one that is asked for stays, also when nothing has it now. */
const valuesFor = (
  counts: ReadonlyMap<string, number>,
  asked: string | undefined,
): readonly (readonly [string, number])[] =>
  [...counts, ...(asked !== undefined && !counts.has(asked) ? [[asked, 0] as const] : [])].toSorted(
    ([, a], [, b]) => b - a,
  )

type ChipProps = { name: string; count: number; isOn: boolean; onClick: () => void }

const Chip = ({ name, count, isOn, onClick }: ChipProps) => (
  <button type="button" className={styles.chip} aria-pressed={isOn} onClick={onClick}>
    {name} <span>{count.toLocaleString('en')}</span>
  </button>
)

import type { Stat } from '../disk/stat.ts'
import { emptyScan, type Scan } from './scan.ts'

/** A part of a scan on its way between threads: numbers in one array, which is handed over and not copied. */
export type Piece = Omit<Scan, 'files'> & {
  paths: string[]
  /** Of each path size, mtime, inode, birth, device and mode. */
  numbers: BigInt64Array<ArrayBuffer>
  /** Directories with ignore files, or that had some, and the names in them. */
  rules: [dir: string, names: string[]][]
}

const width = 6

export function toPiece({ files, ...rest }: Scan, rules: Piece['rules']): Piece {
  const numbers = new BigInt64Array(files.size * width)
  let at = 0
  for (const { size, mtimeNs, ino, birthNs, dev, mode } of files.values()) {
    numbers.set([BigInt(size), BigInt(mtimeNs), BigInt(ino), BigInt(birthNs), BigInt(dev), BigInt(mode)], at)
    at += width
  }
  return { ...rest, paths: [...files.keys()], numbers, rules }
}

/** Puts a piece into the scan that it is of. */
export function addPiece(scan: Scan, { paths, numbers, ...rest }: Piece): void {
  const number = (at: number) => numbers[at] ?? 0n
  // Inodes and devices may use the highest bit.
  const unsigned = (at: number) => String(BigInt.asUintN(64, number(at)))
  paths.forEach((path, i) => {
    const at = i * width
    const stat: Stat = {
      kind: 'file',
      size: Number(number(at)),
      mtimeNs: String(number(at + 1)),
      ino: unsigned(at + 2),
      birthNs: String(number(at + 3)),
      dev: unsigned(at + 4),
      mode: Number(number(at + 5)),
    }
    scan.files.set(path, stat)
  })
  for (const [path, target] of rest.links) scan.links.set(path, target)
  for (const [reason, count] of rest.hidden) scan.hidden.set(reason, (scan.hidden.get(reason) ?? 0) + count)
  for (const list of ['empty', 'misspelt', 'dirs', 'unreadable'] as const)
    for (const path of rest[list]) scan[list].push(path)
}

/** Takes out what was gathered so far. */
export function takeOut(scan: Scan): Scan {
  const taken = { ...scan }
  Object.assign(scan, emptyScan())
  return taken
}

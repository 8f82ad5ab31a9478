import { expect, test } from 'vitest'
import { sizeWords } from '../ui/size-words.ts'
import { pictureType } from './blob-kind.ts'

test('[UI-150] pictures are known by their names, and nothing that could run is one', () => {
  expect(pictureType('a/b.PNG')).toBe('image/png')
  expect(pictureType('photo.jpeg')).toBe('image/jpeg')
  for (const path of ['logo.svg', 'page.html', 'a.png.exe', 'png', 'x.constructor', ''])
    expect(pictureType(path)).toBeUndefined()
})

test('[UI-150] a size is said as a person would', () => {
  const sizes = [0, 1, 1_023, 1_024, 1_536, 1_048_575, 1_048_576, 52_428_800, 3 * 2 ** 40]
  expect(sizes.map(sizeWords)).toEqual([
    '0 bytes',
    '1 byte',
    '1023 bytes',
    '1.0 KB',
    '1.5 KB',
    '1.0 MB',
    '1.0 MB',
    '50.0 MB',
    '3.0 TB',
  ])
})

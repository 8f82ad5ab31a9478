/* eslint-disable no-control-regex -- control characters are what this file is about */
import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { keepColour, plainText, visibleText } from './terminal.ts'

describe('output of programs, made safe to show', () => {
  test.each([
    ['[SBX-77] a window title', 'a\x1b]0;evil\x07b\x1b]2;evil\x1b\\c', 'abc'],
    ['[SBX-78] the clipboard', 'a\x1b]52;c;ZXZpbA==\x07b', 'ab'],
    [
      '[SBX-79] a hyperlink loses its target and keeps its text',
      '\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\',
      'click',
    ],
    ['[SBX-80] clearing and the other screen', 'a\x1b[2J\x1b[H\x1b[?1049h\x1bcb', 'ab'],
    ['[SBX-81] device control', 'a\x1bPq#0;2;0\x1b\\b\x1bX1\x1b\\\x1b^2\x1b\\\x1b_3\x1b\\', 'ab'],
    ['[SBX-82] 8-bit controls', 'a\x9b2Jb\x9d0;evil\x9cc\x90q\x9cd\x85', 'abcd'],
    ['[SBX-83] questions to the terminal', 'a\x1b[6n\x1b[c\x1b[>0q\x1b[21tb', 'ab'],
    ['[SBX-84] an unterminated title acts no more, and hides nothing', 'a\x1b]0;evil\nb', 'a0;evil\nb'],
    ['[SBX-84] an unterminated sequence', 'a\x1b[12', 'a12'],
    ['[SBX-85] going back over text', 'safe\b\b\b\bevil\x7f', 'safeevil'],
    ['[SBX-86] reordering text', 'a\u202eb\u2066c\u200f', 'abc'],
    ['[SBX-86] a sequence hidden in another', '\x1b\x1b]0;a\x07]0;evil\x07', ']0;evil'],
    ['[SBX-80] cursor movement', 'one\x1b[1Atwo\x1b[5;5H', 'onetwo'],
    ['[SBX-80] character sets', 'a\x1b(0b\x1b#8', 'ab'],
  ])('%s', (_, text, shown) => expect(keepColour(text)).toBe(shown))

  test('colours, tabs, line ends and every letter stay', () => {
    const text = '\x1b[1;31mred\x1b[0m\t\x1b[38;5;8mgrey\x1b[m\r\n\x1b[38:2::1:2:3mäöü € 😀 👩‍💻 עברית\x1b[0m\n'
    expect(keepColour(text)).toBe(text)
    expect(plainText(text)).toBe('red\tgrey\r\näöü € 😀 👩‍💻 עברית\n')
  })

  test('whatever comes in, an escape goes out only as a colour', () => {
    const dangerous = fc.constantFrom(
      '\x1b',
      '[',
      ']',
      'P',
      '0',
      ';',
      'm',
      'J',
      '\x07',
      '\x9b',
      '\x9d',
      '\x9c',
      '\\',
      ' ',
      'a',
      '\b',
      '\n',
      '31',
      '?',
    )
    fc.assert(
      fc.property(fc.array(dangerous, { maxLength: 40 }), (parts) => {
        const shown = keepColour(parts.join(''))
        expect(shown.replace(/\x1b\[[0-9;:]*m/g, '')).not.toMatch(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/)
        expect(keepColour(shown)).toBe(shown)
      }),
    )
  })

  test('a megabyte of open sequences is no burden', () => {
    expect(keepColour('\x1b]'.repeat(500_000)).length).toBe(0)
    expect(keepColour(`\x1b]${'x'.repeat(1_000_000)}`).length).toBe(1_000_000)
  })
  test('[TSK-181] nor is one of those that are one character', () => {
    expect(keepColour('\x9d\x90'.repeat(500_000)).length).toBe(0)
    expect(keepColour('a\x9db\x1b]c\x07d')).toBe('abd')
  })
})

describe('what a person judges exactly as it stands', () => {
  test.each([
    ['rm \u202etxt.exe', 'rm ⟨U+202E⟩txt.exe'],
    ['cat a\u200bb\ufeff', 'cat a⟨U+200B⟩b⟨U+FEFF⟩'],
    ['ls\u00a0-l \u3164', 'ls⟨U+00A0⟩-l ⟨U+3164⟩'],
    ['echo \u{e0041}', 'echo ⟨U+E0041⟩'],
    ['echo \ud800', 'echo ⟨U+D800⟩'],
    ['a\rb', 'a⟨U+000D⟩b'],
  ])('[UI-51] %j shows what is not seen', (text, shown) => expect(visibleText(text)).toBe(shown))
  test('[UI-51] nothing is taken out, as what a terminal would swallow also runs', () => {
    expect(visibleText('echo \x1b]0; rm -rf ~ \x07')).toBe('echo ⟨U+001B⟩]0; rm -rf ~ ⟨U+0007⟩')
    expect(visibleText('grep -n "größe 漢字 😀"\n\tls')).toBe('grep -n "größe 漢字 😀"\n\tls')
  })
})

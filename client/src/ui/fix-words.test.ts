import { expect, test } from 'vitest'
import { fixParts } from './fix-words.ts'

const commandsIn = (fix: string) => fixParts(fix).flatMap(({ text, isCommand }) => (isCommand ? [text] : []))

test('[UI-233] the commands in a fix are told from its words, and nothing of it is lost', () => {
  const fixes: readonly [string, readonly string[]][] = [
    ['Install it: sudo apt-get install -y bubblewrap.', ['sudo apt-get install -y bubblewrap']],
    [
      'On Ubuntu 24.04: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0. In a container: run it anew.',
      ['sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0'],
    ],
    ['See what npm run tandem -- doctor says, or start anew.', ['npm run tandem -- doctor']],
    ['Set `sandbox.tier` and `npm start`.', ['sandbox.tier', 'npm start']],
    [
      'Or take another: {"sandbox": {"onUnavailable": "reduced"}} in your policy; see there.',
      ['{"sandbox": {"onUnavailable": "reduced"}}'],
    ],
    ['Install bash.', []],
  ]
  for (const [fix, commands] of fixes) {
    expect(commandsIn(fix)).toEqual(commands)
    expect(
      fixParts(fix)
        .map(({ text }) => text)
        .join(''),
    ).toBe(fix.replaceAll('`', ''))
  }
})

import { describe, expect, test } from 'vitest'
import { addUp, type Ids } from '../src/adds-up.ts'

const ids = (...names: string[]) => new Set(names)
const sound: Ids = {
  published: ids('a', 'b', 'c'),
  history: ids('a', 'b', 'c'),
  handled: ids('a'),
  dead: ids('b'),
  counted: 1,
  mayComeAgain: false,
}

describe('the check of the totals', () => {
  test('is content when every id is in exactly one place', () => {
    expect(addUp(sound)).toEqual({ waiting: 1, problems: [] })
  })

  test.each<[string, Partial<Ids>, string[]]>([
    [
      'a publish that was confirmed and is gone',
      { published: ids('z') },
      ['z was published and is not in the history'],
    ],
    ['an ack of what was never stored', { handled: ids('a', 'z') }, ['z has ended and is not in the history']],
    ['a dead letter of what was never stored', { dead: ids('b', 'z') }, ['z has ended and is not in the history']],
    ['an id that was handled and is dead', { handled: ids('a', 'b') }, ['b was handled and is dead']],
    ['an id that is nowhere', { counted: 0 }, ['the broker has 0 to deliver', 'c was neither handled nor is dead']],
    [
      'a broker that still has what has ended',
      { counted: 2 },
      ['the broker has 2 to deliver', 'c was neither handled nor is dead'],
    ],
  ])('finds %s', (_, change, problems) => {
    expect(addUp({ ...sound, ...change }).problems).toEqual(problems)
  })

  test('lets a broker that was left in the middle deliver again what was handled, and nothing else be missing', () => {
    expect(addUp({ ...sound, counted: 2, mayComeAgain: true })).toEqual({ waiting: 1, problems: [] })
    expect(addUp({ ...sound, counted: 0, mayComeAgain: true }).problems).toContain('c was neither handled nor is dead')
  })

  test('counts what waits by itself where the broker cannot', () => {
    expect(addUp({ ...sound, counted: undefined })).toEqual({ waiting: 1, problems: [] })
  })

  test('names three and counts the rest', () => {
    const { problems } = addUp({ ...sound, published: ids('v', 'w', 'x', 'y', 'z') })
    expect(problems).toEqual([...'vwx'].map(id => `${id} was published and is not in the history`).concat('and 2 more'))
  })
})

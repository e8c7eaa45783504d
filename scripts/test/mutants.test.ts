import { describe, expect, it } from 'vitest'
import { mutantsOf, mutated } from '../mutation/mutants.ts'

const changes = (source: string) => mutantsOf('x.ts', source).map(mutant => mutated(source, mutant))

describe('mutants', () => {
  it('change one operator, literal, condition or call at a time', () => {
    expect(changes('const a = b < 1')).toEqual(['const a = b <= 1', 'const a = b < 2'])
    expect(changes('if (a && b) f()')).toEqual(['if (true) f()', 'if (false) f()', 'if (a || b) f()', 'if (a && b) ;'])
    expect(changes('n++')).toEqual(['n--'])
    expect(changes('const a = !b')).toEqual(['const a = b'])
    expect(changes('n += m')).toEqual(['n -= m'])
    expect(changes('while (busy) wait()')).toEqual(['while (false) wait()', 'while (busy) ;'])
  })

  it('leave types, texts and comments alone', () => {
    expect(changes("type A = 1 | 2 // 1 < 2\nconst text: string = 'a < b'")).toEqual([])
    expect(changes('const list = new Map<string, 1 | 2>()')).toEqual([])
  })

  it('say where they are and what they change', () => {
    expect(mutantsOf('x.ts', 'const a: number =\n  b - 1')[0]).toMatchObject({
      ...{ file: 'x.ts', line: 2, change: '`-` → `+`' },
    })
  })
})

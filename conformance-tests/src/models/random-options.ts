import type { CaseContext } from '../case/context.js'
import { oneOf } from '../case/random.js'

/** A value that an option may have, and whether it is legal. */
type Candidate = readonly [value: unknown, isLegal: boolean]

/** Options of `publish`, some of them illegal. */
export interface RandomOptions {
  readonly options: Readonly<Record<string, unknown>>
  /** What is illegal, by name. */
  readonly illegal: readonly string[]
}

const CONTROL = 'a\u0000b'
const LONE_SURROGATE = '\ud800'

const IDS: readonly Candidate[] = [
  ['cause', true],
  ['ünïcode ✓', true],
  ['x'.repeat(200), true],
  ['', false],
  ['x'.repeat(201), false],
  [CONTROL, false],
  [LONE_SURROGATE, false],
  [7, false],
]
const KEYS: readonly Candidate[] = [
  ['', true],
  ['k', true],
  ['x'.repeat(1_000), true],
  ['x'.repeat(1_001), false],
  [CONTROL, false],
  [7, false],
]
const DELAYS: readonly Candidate[] = [
  [0, true],
  [1, true],
  ['5ms', true],
  ['1.5s', true],
  [-1, false],
  ['5', false],
  ['1y', false],
  [{}, false],
]
const HEADERS: readonly Candidate[] = [
  [{}, true],
  [{ plain: 'text', ünïcode: '✓' }, true],
  [{ constructor: 'x' }, true],
  [{ number: 7 }, false],
  [[], false],
  ['text', false],
]
const PRIORITIES: readonly Candidate[] = [
  [0, true],
  [1, true],
  [-1, false],
  [0.5, false],
  ['1', false],
]

/** What each option may be given here: what the adapter refuses for want of a capability is left out. */
function candidates({ capabilities }: CaseContext, id: string): Readonly<Record<string, readonly Candidate[]>> {
  const { keys, priority, delay } = capabilities
  return {
    id: [[id, true], ...IDS.filter(([, isLegal]) => !isLegal)],
    correlationId: IDS,
    causationId: IDS,
    headers: HEADERS,
    unheard: [[1, false]],
    ...(keys === 'none' ? {} : { key: KEYS }),
    ...(priority === 'none' ? {} : { priority: PRIORITIES }),
    ...(delay === 'none' ? {} : { delay: DELAYS }),
  }
}

/** A few options at random, illegal ones less often. */
export function randomOptions(it: CaseContext, id: string): RandomOptions {
  const options: Record<string, unknown> = {}
  const illegal: string[] = []
  for (const [name, values] of Object.entries(candidates(it, id))) {
    if (it.random() < 0.6) continue
    const [value, isLegal] = oneOf(it, values) ?? []
    if (isLegal === false && it.random() < 0.5) continue
    options[name] = value
    if (isLegal === false) illegal.push(name)
  }
  return { options, illegal }
}

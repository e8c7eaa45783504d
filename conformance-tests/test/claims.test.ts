import { unreliable } from '@pluribus/core/testing'
import { expect, test } from 'vitest'
import { bases } from '../scripts/bases.js'
import { CASES } from '../src/cases/index.js'
import { ALL_CLAIMS, NO_PROMISES } from '../src/claims/all-claims.js'
import { claimsOf } from '../src/claims/claim.js'
import { claimsIn, satisfies, describe as text } from '../src/claims/expression.js'
import { UNPROVABLE, UNPROVED } from '../src/claims/unproved.js'
import { defineTarget, Suite } from '../src/index.js'

const memory = await Suite.prepare(bases.memory)

test('every claim has a case that proves it, cannot be proved, or is open: one of these', () => {
  const proved = new Set(CASES.flatMap(({ proves = [] }) => proves))
  const accounted = [...proved, ...Object.keys(UNPROVABLE), ...UNPROVED]
  expect(accounted.toSorted()).toEqual(ALL_CLAIMS.toSorted())
})

test('expressions mention claims that there are', () => {
  const known: readonly string[] = [...ALL_CLAIMS, ...NO_PROMISES]
  const mentioned = CASES.flatMap(({ needs, proves = [] }) => [
    ...(needs === undefined ? [] : claimsIn(needs)),
    ...proves,
  ])
  expect(mentioned.filter(claim => !known.includes(claim))).toEqual([])
  expect(claimsOf(memory.capabilities).filter(claim => !known.includes(claim))).toEqual([])
})

test('a refusal names a probe, and the probe applies wherever the case does not', () => {
  const probes = new Map(CASES.filter(({ id }) => id.startsWith('REF-')).map(probe => [probe.id, probe]))
  for (const { id, refusal } of CASES) if (refusal !== undefined) expect([id, probes.has(refusal)]).toEqual([id, true])
})

test('an expression is all, any, or not', () => {
  const { capabilities } = memory
  expect(satisfies(['fifo:exact', 'lifo:exact'], capabilities)).toBe(true)
  expect(satisfies(['fifo:exact', 'lifo:none'], capabilities)).toBe(false)
  expect(satisfies({ any: ['lifo:none', 'fifo:exact'] }, capabilities)).toBe(true)
  expect(satisfies({ any: [] }, capabilities)).toBe(false)
  expect(satisfies({ not: { any: ['lifo:none', 'fifo:exact'] } }, capabilities)).toBe(false)
  expect(text([{ any: ['delay:native', 'delay:emulated'] }, { not: 'keys:none' }])).toBe(
    '(delay:native or delay:emulated) and not keys:none',
  )
})

/** Memory as it would be with less of everything that can be refused. */
const lesser = defineTarget({
  ...bases.memory,
  required: { claims: [] },
  adapter: async (settings, time) =>
    unreliable(await bases.memory.adapter(settings, time), {
      capabilities: {
        ...{ lifo: 'none', priority: 'none', priorityLevels: 1, keys: 'none', delay: 'none', history: 'none' },
        from: Object.freeze(['earliest'] as const),
      },
    }),
})

test('where nothing is claimed, every probe shows that it is refused, and no case about it passes', async () => {
  const suite = await Suite.prepare(lesser)
  const results = await suite.runAll()
  const verdict = (id: string) => results.find(result => result.case.id === id)?.verdict
  const probes = results.filter(({ case: { id } }) => id.startsWith('REF-'))
  expect(probes.map(({ case: { id }, verdict, reason }) => [id, verdict, reason])).toEqual(
    [
      'delay',
      'from-id',
      'from-latest',
      'from-time',
      'history',
      'keys',
      'lifo',
      'lifo-windowed',
      'priority',
      'priority-windowed',
      'transactions',
    ]
      .map(name => [`REF-${name}`, 'passed', undefined])
      .toSorted((a, b) => ids.indexOf(a[0] as string) - ids.indexOf(b[0] as string)),
  )
  expect(['LFO-01', 'PRI-01', 'DLY-01'].map(verdict)).toEqual(['refused', 'refused', 'refused'])
  expect(results.filter(({ verdict }) => verdict === 'failed').map(({ case: { id } }) => id)).toEqual([])
})

const ids = CASES.map(({ id }) => id)

import { existsSync, readFileSync } from 'node:fs'
import { type Capabilities, NO_LIMIT } from '@pluribus/core/driver'
import { expect, test } from 'vitest'
import { OFFERS, type Offer } from '../../packages/core/src/engine/offers.ts'

/** Whether an adapter with these capabilities has what an offer is about, as well as any of ours. */
const HAS: Readonly<Record<Offer, (capabilities: Capabilities) => boolean>> = {
  fifo: ({ fifo }) => fifo === 'exact',
  lifo: ({ lifo }) => lifo === 'exact',
  priority: ({ priority }) => priority === 'exact',
  'windowed lifo': ({ lifo }) => lifo !== 'none',
  'windowed priority': ({ priority }) => priority !== 'none',
  priorityLevels: ({ priorityLevels }) => priorityLevels === 256,
  keys: ({ keys }) => keys !== 'none',
  delay: ({ delay }) => delay !== 'none',
  'from earliest': ({ from }) => from.includes('earliest'),
  'from latest': ({ from }) => from.includes('latest'),
  'from time': ({ from }) => from.includes('time'),
  'from id': ({ from }) => from.includes('id'),
  history: ({ history }) => history === 'stored',
  hold: ({ limits }) => limits.hold >= NO_LIMIT,
}

/** Every adapter that a refusal can name; those that are not written yet have shown nothing. */
const NAMES = [...new Set(Object.values(OFFERS).flat())]
const shown = NAMES.flatMap(name => {
  const report = new URL(`../../adapters/${name}/conformance.json`, import.meta.url)
  if (!existsSync(report)) return []
  return [{ name, capabilities: JSON.parse(readFileSync(report, 'utf8')).capabilities as Capabilities }]
})

test('there is something to compare with', () => {
  expect(shown.map(({ name }) => name)).toEqual(expect.arrayContaining(['memory', 'file', 'redis', 'nats']))
})

test.each(shown)('what refusals say of $name is what the suite has found', ({ name, capabilities }) => {
  const offers = Object.keys(OFFERS) as Offer[]
  const told = offers.filter(offer => (OFFERS[offer] as readonly string[]).includes(name))
  expect(told).toEqual(offers.filter(offer => HAS[offer](capabilities)))
})

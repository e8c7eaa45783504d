import { expect, test } from 'vitest'
import { redeclareSubscription, redeclareTopic, type SubscriptionSpec, type TopicSpec } from '../../src/driver.js'

const topic: TopicSpec = { name: 'orders.placed', partitions: 2, retention: { age: 1_000, bytes: 5 } }
const billing: SubscriptionSpec = {
  ...{ topic: 'orders.placed', name: 'billing', from: 'latest', timeout: 5_000, grace: 5_000 },
  ...{ discipline: { kind: 'priority', levels: 3, atLeast: 'exact' }, retry: { attempts: 5, delays: [100, 1_000] } },
}

test('what is new, or says the same in another order of members, changes nothing', () => {
  expect(redeclareTopic(undefined, topic)).toEqual({ spec: topic, changes: [] })
  expect(redeclareSubscription(undefined, billing)).toEqual({ spec: billing, changes: [] })
  expect(redeclareTopic(topic, { ...topic, retention: { bytes: 5, age: 1_000 } })).toEqual({ spec: topic, changes: [] })
  expect(redeclareSubscription(billing, JSON.parse(JSON.stringify(billing))).changes).toEqual([])
})

test('settings are overwritten, and each is told; where a subscription began is not', () => {
  const retention = { age: 2_000 }
  expect(redeclareTopic(topic, { ...topic, retention })).toEqual({
    spec: { ...topic, retention },
    changes: [{ topic: topic.name, setting: 'retention', from: topic.retention, to: retention }],
  })
  const declared: SubscriptionSpec = {
    ...billing,
    ...{ from: 'earliest', timeout: 1, grace: 2 },
    ...{ discipline: { ...billing.discipline, atLeast: 'windowed' }, retry: { attempts: 5, delays: [1_000, 100] } },
  }
  const { spec, changes } = redeclareSubscription(billing, declared)
  expect(spec).toEqual({ ...declared, from: 'latest' })
  expect(changes.map(({ setting, from, to }) => [setting, from, to])).toEqual([
    ['discipline', billing.discipline, declared.discipline],
    ['retry', billing.retry, declared.retry],
    ['timeout', 5_000, 1],
    ['grace', 5_000, 2],
  ])
})

test('what is fixed at creation is a conflict', () => {
  expect(() => redeclareTopic(topic, { ...topic, partitions: 3 })).toThrow(/partitions: 2 and is declared with.*3/)
  const other = (discipline: Partial<SubscriptionSpec['discipline']>) => () =>
    redeclareSubscription(billing, { ...billing, discipline: { ...billing.discipline, ...discipline } })
  expect(other({ levels: 4 })).toThrow(/exists as priority with levels: 3 and is declared as priority with levels: 4/)
  expect(other({ kind: 'fifo' })).toThrow(expect.objectContaining({ code: 'CONFLICT' }))
})

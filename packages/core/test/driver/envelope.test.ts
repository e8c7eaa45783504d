import { expect, test } from 'vitest'
import { fromEnvelope, type StoredMessage, toEnvelope } from '../../src/driver.js'

const FOUND = { id: 'orders.placed/0/17', time: 1_700_000_000_000 }

const message: StoredMessage = {
  ...{ id: 'é-1', topic: 'orders.placed', payload: '{}', contentType: 'application/json', key: '', priority: 7 },
  headers: Object.assign(Object.create(null), { tenant: 'north', ['__proto__']: 'odd' }),
  ...{ time: 12, source: 'shop', version: 3, correlationId: 'root', causationId: 'parent' },
}

const read = (envelope: Readonly<Record<string, string>>) =>
  fromEnvelope({ topic: message.topic, payload: message.payload, envelope, ...FOUND })

test('a message comes back as it was, through JSON too', () => {
  const stored = JSON.parse(JSON.stringify(toEnvelope(message)))
  for (const envelope of [toEnvelope(message), stored]) expect(read(envelope)).toEqual(message)
  const bare = { ...message, key: undefined, correlationId: undefined, causationId: undefined }
  expect(read(toEnvelope(bare))).toEqual(bare)
})

test('what is not ours is a message too, called what it was found as', () => {
  expect(read({ tenant: 'south' })).toMatchObject({
    ...FOUND,
    headers: { tenant: 'south' },
    key: undefined,
    priority: 0,
  })
  expect(read({}).payload).toBe(message.payload)
})

test('whoever says something wrong of himself is believed in nothing', () => {
  const ours = toEnvelope(message)
  const wrong = {
    'pluribus-id': ['', 'a\u0000b', '\ud800', 'x'.repeat(201)],
    'pluribus-priority': ['-1', 'NaN', '1e308', '', '0.5'],
    'pluribus-time': ['-1', 'NaN', '99999999999999999999', ''],
    'pluribus-version': ['0', 'two', '-1', ''],
  }
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      const found = read({ ...ours, [name]: value })
      expect([name, value, found.id, found.time, found.key]).toEqual([name, value, FOUND.id, FOUND.time, undefined])
    }
  }
  for (const name of ['id', 'type', 'priority', 'time', 'source', 'version']) {
    const { [`pluribus-${name}`]: _, ...rest } = ours
    expect([name, read(rest).id]).toEqual([name, FOUND.id])
  }
})

test('headers do not decide the topic', () => {
  expect(read({ ...toEnvelope(message), 'pluribus-topic': 'elsewhere', topic: 'elsewhere' }).topic).toBe(
    'orders.placed',
  )
})

import { survivalTables } from '@pluribus/conformance'
import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { connect, declared, historyOf, message, onRedis, publish } from './kit.js'

describe('what the README says survives what', () => {
  const [cells = [], ...others] = survivalTables(new URL('..', import.meta.url))

  test('is about eight things and six mishaps', () => {
    expect(others).toEqual([])
    expect(cells).toHaveLength(8 * 6)
  })

  test.each(cells)('is shown by something: $thing, $mishap', ({ wrong }) => expect(wrong).toEqual([]))
})

onRedis('a process that is killed', server => {
  test('takes no id with it that it has published', async () => {
    const prefix = 'killed'
    const first = await declared(server(), { prefix })
    await publish(first, message('a', { idSupplied: true }))
    // All that a server sees of it: its sockets are gone, and nothing was said before.
    const admin = new Redis(server().url)
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    admin.disconnect()
    await expect(publish(first, message('b'))).rejects.toThrow()
    const second = await connect(server(), { prefix }, { instance: 'another' })
    const [exception] = await second.publisher.publish([message('a', { idSupplied: true })])
    expect(exception).toEqual({ index: 0, kind: 'duplicate' })
    expect(await historyOf(second)).toEqual(['a'])
    await second.close()
    await first.close()
  })
})

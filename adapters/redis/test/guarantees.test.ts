import { existsSync, readFileSync } from 'node:fs'
import { CASES } from '@pluribus/conformance'
import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { connect, declared, historyOf, message, onRedis, publish } from './kit.js'

/** The rows of the README's table of what survives what, as cells. */
function guarantees(): readonly (readonly string[])[] {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const delivery = readme.slice(readme.indexOf('## Delivery'), readme.indexOf('- **Order.**'))
  const rows = delivery.split('\n').filter(line => line.startsWith('|'))
  return rows.map(row =>
    row
      .split('|')
      .map(cell => cell.trim())
      .slice(1, -1),
  )
}

describe('what the README says survives what', () => {
  const [head = [], , ...rows] = guarantees()
  const cases = new Set(CASES.map(({ id }) => id))

  test('is about seven things and six mishaps', () => {
    expect([rows.length, head.length]).toEqual([7, 7])
  })

  test.each(rows.flatMap(([what, ...cells]) => cells.map((cell, at) => [what, head[at + 1], cell])))(
    'is shown by something: %s, %s',
    (_what, _mishap, cell = '') => {
      if (cell === '–') return
      const named = cell.match(/[A-Z]{3}-\d\d/g) ?? []
      const files = cell.match(/[\w-]+\.test\.ts/g) ?? []
      expect([...named, ...files]).not.toEqual([])
      expect(named.filter(id => !cases.has(id))).toEqual([])
      expect(files.filter(file => !existsSync(new URL(file, import.meta.url)))).toEqual([])
    },
  )
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

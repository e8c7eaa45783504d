import { expect, onTestFinished, test } from 'vitest'
import { declared, message, onNats, publish, TOPIC } from './kit.js'

const COUNT = 600
/** Longer than a reader waits for a server that is silent. */
const PAUSE = 1_500

onNats('reading what is stored', server => {
  test('a server that stands still in between cuts nothing off', async () => {
    const connection = await declared(server())
    onTestFinished(() => connection.close())
    const ids = Array.from({ length: COUNT }, (_, n) => `m${n}`)
    await publish(connection, ...ids.map(id => message(id)))
    const read: string[] = []
    for await (const { id } of connection.persistence.history(TOPIC, { from: 'earliest' })) {
      if (read.push(id) > 1) continue
      await server().freeze()
      const began = performance.now()
      expect
        .poll(() => performance.now() - began, { timeout: 10_000 })
        .toBeGreaterThan(PAUSE)
        .finally(() => server().thaw())
    }
    expect(read).toEqual(ids)
  })
})

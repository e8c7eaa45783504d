import type { OutgoingMessage } from '@pluribus/core/driver'
import { recordingLogger, unreliable } from '@pluribus/core/testing'
import { expect, test } from 'vitest'
import { bases } from '../../scripts/bases.js'
import { all } from '../../src/case/all.js'
import { RealTime } from '../../src/engine/real-time.js'
import { defineTarget, LOCAL_TIMING, type RawClient, type Settings, Suite } from '../../src/index.js'

/** The envelope of ours that a message in memory has, as headers of a foreign protocol would. */
const ENVELOPE = 'envelope-id'

/** Memory, and somebody who reads and writes its store without our publisher. */
const overlooked = defineTarget({
  ...bases.memory,
  // Somebody outside of the case has no part in its virtual time.
  time: 'real',
  timing: LOCAL_TIMING,
  adapter: async (settings, time) =>
    unreliable(await bases.memory.adapter(settings, time), { capabilities: { durability: 'process' } }),
  hooks: { raw: rawClient },
})

const time = new RealTime()

async function rawClient(settings: Settings): Promise<RawClient> {
  const adapter = await bases.memory.adapter(settings, time)
  const connection = await adapter.connect(time.environment('foreign', recordingLogger()), { lost() {} })
  let injected = 0
  return {
    async inject(topic, { body, headers: { [ENVELOPE]: id = `foreign-${++injected}`, ...headers } }) {
      const message: OutgoingMessage = {
        ...{ id, topic, payload: body, contentType: 'application/json', key: undefined, priority: 0, headers },
        ...{ time: 0, source: 'foreign', version: 1, correlationId: undefined, causationId: undefined },
        ...{ idSupplied: false, size: body.length, delay: 0 },
      }
      expect(await connection.publisher.publish([message])).toEqual([])
    },
    async read(topic) {
      const stored = await all(connection.persistence.history(topic, { from: 'earliest' }))
      return stored.map(({ id, payload, headers }) => {
        return { body: Buffer.from(payload as string), headers: { ...headers, [ENVELOPE]: id } }
      })
    },
    close: () => connection.close(),
  }
}

test('the cases about foreign messages run, where there is a foreign client', async () => {
  const results = await (await Suite.prepare(overlooked, { only: ['FRN'] })).runAll()
  expect(results.map(({ case: { id }, verdict, reason }) => [id, verdict, reason])).toEqual(
    ['FRN-01', 'FRN-02', 'FRN-03', 'FRN-05'].map(id => [id, 'passed', undefined]),
  )
})

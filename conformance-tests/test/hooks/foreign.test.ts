import type { Adapter } from '@pluribus/core/driver'
import { expect, test } from 'vitest'
import { bases } from '../../scripts/bases.js'
import { decorate } from '../../src/history/decorate.js'
import { defineTarget, Suite, type Target } from '../../src/index.js'
import { dropping, handingOut } from '../../src/saboteurs/handing-out.js'
import { mapOutgoing, publishingBy } from '../../src/saboteurs/map-batches.js'
import { mapDeliveries } from '../../src/saboteurs/map-deliveries.js'

const simLog = bases['sim-log']

async function reasonOf(id: string, target: Target): Promise<string | undefined> {
  const [result] = await (await Suite.prepare(target, { only: [id] })).runAll()
  return result?.verdict === 'failed' ? result.reason : result?.verdict
}

/** What is wrong with an adapter of the simulated broker, and what the case says that finds it. */
const BROKEN: readonly (readonly [string, (inner: Adapter) => Adapter, RegExp])[] = [
  [
    'FRN-01',
    inner =>
      decorate(inner, {
        source: source => dropping(source, ({ message }) => message.contentType !== 'application/json'),
      }),
    /all of the garbage to be dead/,
  ],
  [
    'FRN-02',
    inner =>
      decorate(inner, {
        source: source =>
          handingOut(source, deliveries => {
            const stranger = deliveries.find(({ message }) => message.source === 'foreign')
            if (stranger !== undefined) throw new TypeError(`${stranger.message.id} has no number in its headers.`)
            return deliveries
          }),
      }),
    /the message behind the nonsense to be acked/,
  ],
  [
    'FRN-03',
    inner =>
      mapDeliveries(inner, delivery => {
        const { attempt = delivery.attempt } = delivery.message.headers
        return { ...delivery, attempt: Number(attempt) }
      }),
    /the attempts|the message behind the forged one/,
  ],
  [
    'FRN-05',
    inner => mapOutgoing(inner, ({ payload }) => ({ payload: Buffer.from(String(payload)).toString('base64') })),
    /JSON|the body/,
  ],
]

test.each(BROKEN)('%s finds what is wrong', async (id, break_, says) => {
  const adapter: Target['adapter'] = async (settings, time) => break_(await simLog.adapter(settings, time))
  expect(await reasonOf(id, defineTarget({ ...simLog, adapter }))).toMatch(says)
})

test('RST-11 finds a publish that is told to be stored, and is not', async () => {
  const failingStore: NonNullable<Target['hooks']>['failingStore'] = async (...args) => {
    const inner = await simLog.hooks?.failingStore?.(...args)
    if (inner === undefined) throw new Error('There is no store that fails.')
    return publishingBy(inner, (publisher, batch) => publisher.publish(batch).catch(() => []))
  }
  const target = defineTarget({ ...simLog, hooks: { ...simLog.hooks, failingStore } })
  expect(await reasonOf('RST-11', target)).toMatch(/a publish to a full store has resolved/)
})

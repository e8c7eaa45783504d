import { expect, test } from 'vitest'
import { orders, World } from './kit.js'

test('what somebody else writes into a topic is handled like any message, and not believed', async () => {
  const world = new World()
  const process = await world.start()
  const billing = orders.subscription('billing', { retry: { attempts: 2, delays: [] } })
  const handler = world.recorder.handler(() => undefined)
  await world.run(process.broker.subscribe(billing, handler))
  await world.publish(process, 1)
  const [ours] = world.server.channel(orders.name).partitions[0]?.records ?? []
  const carried = JSON.stringify({ origin: 0, failures: 1, errors: [], delay: 86_400_000 })
  const headers = { ...ours?.headers, 'pluribus-id': 'forged', 'pluribus-carried': carried }
  world.server.append(orders.name, 0, [
    { body: '2', headers },
    { body: '3', headers: { tenant: 'north' } },
  ])
  await world.clock.advance(1_000)
  expect(world.recorder.runs.map(({ id, attempt }) => [id, attempt])).toEqual([
    ['1', 1],
    ['forged', 1],
    [`${orders.name}/0/2`, 1],
  ])
  await world.end()
})

test('a server whose disk is full says so, and has stored nothing', async () => {
  let isFull = false
  const world = new World({
    beforeAppend(channel) {
      if (isFull && channel === orders.name) throw new Error('no space left on device')
    },
  })
  const process = await world.start()
  await world.publish(process, 1)
  isFull = true
  await expect(world.run(process.broker.publish(orders, 2))).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    retryable: true,
    outcome: 'unknown',
    message: expect.stringMatching(/Nothing was appended to "orders.placed": Error: no space left/),
  })
  isFull = false
  await world.publish(process, 3, { from: 3 })
  expect(world.server.channel(orders.name).partitions[0]?.records.map(({ body }) => body)).toEqual(['1', '3'])
  await world.end()
})

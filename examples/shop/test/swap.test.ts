import { findOrBlock, startBroker } from '@pluribus/test-brokers'
import { describe, expect, test } from 'vitest'
import { runAndRead } from './run-shop.ts'

/** Brokers that the shop moves to by one changed string. */
describe.each(['redis', 'nats'] as const)('the same shop on %s', async kind => {
  const found = await findOrBlock(kind)

  test.skipIf(found === undefined)('comes to the same digest as in memory', { timeout: 400_000 }, async () => {
    await using server = await startBroker(kind)
    const [before, after] = [await runAndRead(['--adapter', 'memory:']), await runAndRead(['--adapter', server.url])]
    expect(after.report.digest).toBe(before.report.digest)
    expect(after.code).toBe(0)
  })
})

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { readSales } from '../src/sales-csv.ts'
import { runAndRead, stationOf } from './run-shop.ts'

const SALES = fileURLToPath(new URL('../../../../shared/data/online-retail-30k.csv', import.meta.url))
const absent = !existsSync(SALES)

if (absent) console.warn(`Skipped: the shop on real sales, because there is no ${SALES}.`)

describe.skipIf(absent)('real sales', () => {
  test('are what the issue says', async () => {
    const pairs = new Map<string, number>()
    const counts = { lines: 0, cancelled: 0, anonymous: 0, anonymousCancelled: 0, corrected: 0, free: 0 }
    for await (const { line, invoice, stockCode, quantity, unitPence, customer } of readSales(SALES)) {
      counts.lines = line
      const isCancelled = invoice.startsWith('C')
      if (isCancelled) counts.cancelled += 1
      if (customer === null) counts.anonymous += 1
      if (customer === null && isCancelled) counts.anonymousCancelled += 1
      if (quantity < 0 && !isCancelled) counts.corrected += 1
      if (unitPence === 0) counts.free += 1
      pairs.set(`${invoice} ${stockCode}`, (pairs.get(`${invoice} ${stockCode}`) ?? 0) + 1)
    }
    const repeated = [...pairs.values()].filter(times => times > 1).length
    expect({ ...counts, repeated }).toEqual({
      ...{
        lines: 30_000,
        cancelled: 620,
        anonymous: 2_000,
        anonymousCancelled: 4,
        corrected: 13,
        free: 37,
        repeated: 57,
      },
    })
  })

  test('end in the same states, one handler at a time in memory, or 64 in a folder', async () => {
    const one = await runAndRead(['--quiet', '--adapter', 'memory:', '--input', SALES, '--concurrency', '1'])
    const many = await runAndRead(['--input', SALES, '--concurrency', '64'])
    expect(many.report).toEqual(one.report)
    const { report } = many

    expect(report).toMatchObject({
      ...{ lines: 30_000, withoutCustomer: 2_000, zeroPrice: 37, interrupted: false, addsUp: true },
      topics: { 'orders.placed': 29_367, 'orders.cancelled': 620, 'stock.corrected': 13 },
      // Without a customer are 2,000 lines, but 4 of them are cancellations, and all 13 stock corrections are among them.
      redriven: { NO_CUSTOMER: 1_983 },
    })
    // At no price are 37 lines: the 13 stock corrections, and 24 orders, which payment has let pass.
    const { outcomes } = stationOf(report, 'payment')
    expect(outcomes).toMatchObject({
      'acked NOT_CHARGED': 24,
      'acked CHARGED_AS_GUEST': 1_961,
      'acked CHARGED': 27_382,
    })
    expect(report.charged.orders).toBe(29_343)
    for (const name of ['payment', 'sales-report', 'inventory', 'bookkeeping']) {
      expect(stationOf(report, name)).toMatchObject({ history: 29_367, handled: 29_367, dead: 0, waiting: 0 })
    }
    expect(stationOf(report, 'delivery')).toMatchObject({ handled: 29_345, dead: 22, waiting: 0 })
    expect(stationOf(report, 'archive')).toMatchObject({ history: 29_345, handled: 29_345, dead: 0, waiting: 0 })
  }, 900_000)
})

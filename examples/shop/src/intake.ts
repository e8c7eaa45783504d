import { topicOf } from './orders.ts'
import type { Sale } from './sale.ts'

/** What the lines were that have been published. */
export class Intake {
  lines = 0
  readonly topics: Record<string, number> = {}
  withoutCustomer = 0
  zeroPrice = 0

  count(sales: readonly Sale[]): void {
    for (const sale of sales) {
      const { name } = topicOf(sale)
      this.lines += 1
      this.topics[name] = (this.topics[name] ?? 0) + 1
      if (sale.customer === null) this.withoutCustomer += 1
      if (sale.unitPence === 0) this.zeroPrice += 1
    }
  }
}

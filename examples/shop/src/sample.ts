import { befalls, pick } from './fate.ts'
import type { Sale } from './sale.ts'

const COUNTRIES = ['United Kingdom', 'Germany', 'France', 'EIRE']

/** Sales of nobody's, with the oddities of real ones, some more often. The same lines on every run. */
export async function* sampleSales(lines: number): AsyncGenerator<Sale> {
  let previous: Sale | undefined
  for (let line = 1; line <= lines; line += 1) {
    const sale = previous && befalls(`${line}`, 'repeated', 50) ? { ...previous, line } : newSale(line)
    yield sale
    previous = sale
  }
}

function newSale(line: number): Sale {
  const id = `${line}`
  const cancelled = befalls(id, 'cancelled', 25)
  const corrected = !cancelled && befalls(id, 'corrected', 100)
  const quantity = 1 + pick(id, 'quantity', 12)
  return {
    line,
    invoice: `${cancelled ? 'C' : ''}${600_000 + Math.floor(line / 3)}`,
    stockCode: `${20_000 + pick(id, 'stock code', 4_000)}`,
    quantity: cancelled || corrected ? -quantity : quantity,
    unitPence: corrected || befalls(id, 'free', 80) ? 0 : 25 + pick(id, 'price', 400),
    customer: corrected || befalls(id, 'anonymous', 15) ? null : `${12_000 + pick(id, 'customer', 120)}`,
    country: befalls(id, 'nowhere', 100) ? 'Unspecified' : pickCountry(id),
  }
}

const pickCountry = (id: string): string => COUNTRIES[pick(id, 'country', COUNTRIES.length)] ?? 'United Kingdom'

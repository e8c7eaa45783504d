import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { basename, extname } from 'node:path'
import type { Options } from './options.ts'
import type { Sale } from './sale.ts'
import { explain, readSales } from './sales-csv.ts'
import { sampleSales } from './sample.ts'

/** What the shop sells. */
export interface Sales {
  /** The same for the same lines, and no others: letters, digits and hyphens. */
  readonly name: string
  lines(): AsyncIterable<Sale>
}

export async function salesOf({ input, lines }: Pick<Options, 'input' | 'lines'>): Promise<Sales> {
  if (input === undefined) return { name: `sample-${lines}`, lines: () => sampleSales(lines) }
  const title = basename(input, extname(input))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
  return { name: `${title}-${await fingerprint(input)}`, lines: () => readSales(input) }
}

async function fingerprint(file: string): Promise<string> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk)
  } catch (error) {
    throw explain(file, error)
  }
  return hash.digest('hex').slice(0, 8)
}

import { createReadStream } from 'node:fs'
import { CsvError, parse } from 'csv-parse'
import type { Sale } from './sale.ts'
import { ShopError } from './shop-error.ts'

const COLUMNS = ['InvoiceNo', 'StockCode', 'Quantity', 'UnitPrice', 'CustomerID', 'Country'] as const
/** Characters. A quote that is never closed would make the rest of the file one line. */
const MAX_LINE = 65_536
type Column = (typeof COLUMNS)[number]
type Row = Readonly<Record<Column, string>>

/** Streams the lines of a sales file, never holding more than a buffer of it. Throws {@link ShopError}. */
export async function* readSales(file: string): AsyncGenerator<Sale> {
  const source = createReadStream(file)
  const rows = parse({
    bom: true,
    info: true,
    skip_empty_lines: true,
    max_record_size: MAX_LINE,
    columns: header => checkHeader(file, header),
  })
  source.once('error', error => rows.destroy(error))
  let line = 0
  try {
    for await (const { record, info } of source.pipe(rows) as AsyncIterable<{ record: Row; info: { lines: number } }>) {
      line += 1
      yield toSale(record, line, `${file}, line ${info.lines}`)
    }
  } catch (error) {
    throw explain(file, error)
  } finally {
    source.destroy()
  }
  if (line === 0) throw new ShopError(`${file}: there are no sales in it.`)
}

function checkHeader(file: string, header: readonly string[]): string[] {
  const missing = COLUMNS.filter(column => !header.includes(column))
  if (missing.length === 0) return [...header]
  throw new ShopError(`${file}, line 1: the header lacks ${missing.join(', ')}.`)
}

function toSale(row: Row, line: number, where: string): Sale {
  const quantity = toNumber(row.Quantity, 'Quantity', where)
  if (!Number.isSafeInteger(quantity)) throw new ShopError(`${where}: Quantity ${row.Quantity} is not a whole number.`)
  const price = toNumber(row.UnitPrice, 'UnitPrice', where)
  if (price < 0) throw new ShopError(`${where}: UnitPrice ${row.UnitPrice} is negative.`)
  if (row.InvoiceNo === '') throw new ShopError(`${where}: InvoiceNo is empty.`)
  if (!/^(\d+(\.0)?)?$/.test(row.CustomerID))
    throw new ShopError(`${where}: CustomerID '${row.CustomerID}' is not a number.`)
  return {
    line,
    invoice: row.InvoiceNo,
    stockCode: row.StockCode,
    quantity,
    unitPence: Math.round(price * 100),
    customer: row.CustomerID === '' ? null : row.CustomerID.replace(/\.0$/, ''),
    country: row.Country,
  }
}

function toNumber(text: string, column: Column, where: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (Number.isFinite(value)) return value
  throw new ShopError(`${where}: ${column} is '${text}', which is not a number.`)
}

/** csv-parse names the line in its messages; what the system says of a file gets the file's name. */
export function explain(file: string, error: unknown): unknown {
  if (error instanceof CsvError) return new ShopError(`${file}: ${error.message}`, { cause: error })
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return new ShopError(`${file}: there is no such file.`, { cause: error })
  if (code === 'EISDIR') return new ShopError(`${file} is a directory; name a file of sales.`, { cause: error })
  if (code === 'EACCES') return new ShopError(`${file}: you may not read it.`, { cause: error })
  return error
}

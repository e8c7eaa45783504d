import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runShop, temporaryDirectory } from './run-shop.ts'

const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'
const GOOD = '569901,23256,CUTLERY,2,2011-10-06 16:20:00,4.15,12923.0,United Kingdom'

describe('what cannot be run is said in one line', () => {
  test.each([
    [['--inptu', 'x'], "Unknown option '--inptu'"],
    [['sales.csv'], "Unexpected argument 'sales.csv'"],
    [['--concurrency', '0'], "--concurrency is a whole number from 1 to 10000, not '0'."],
    [['--concurrency', '1e3'], "--concurrency is a whole number from 1 to 10000, not '1e3'."],
    [['--lines', 'many'], "--lines is a whole number from 1 to 1000000, not 'many'."],
    [['--input', 'x', '--lines', '1'], '--lines is for the generated sample'],
    [['--input', ''], '--input is empty.'],
    [['--adapter', 'memory:', '--fresh'], '--fresh is for the folder that the shop makes by itself'],
    [['--json'], "Option '--json <value>' argument missing"],
  ])('%j: wrong options, exit 2', async (args, message) => {
    const { code, stdout, stderr } = await runShop(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(`shop: ${message}`)
    expect(stderr).toMatch(/Try --help\.\n$/)
  })

  test.each([
    ['no such file', undefined, 'there is no such file.'],
    ['an empty file', '', 'there are no sales in it.'],
    ['only a header', `${HEADER}\n`, 'there are no sales in it.'],
    ['a header that lacks columns', 'InvoiceNo,Quantity\n1,2\n', 'line 1: the header lacks StockCode, UnitPrice'],
    ['a line that is too short', `${HEADER}\n${GOOD}\n1,2,3\n`, 'on line 3'],
    ['a quote that is not closed', `${HEADER}\n${GOOD}\n"1,2\n`, 'line 3'],
    ['a quantity of words', `${HEADER}\n${GOOD}\n${GOOD.replace(',2,', ',two,')}\n`, "line 3: Quantity is 'two'"],
    ['half a thing', `${HEADER}\n${GOOD.replace(',2,', ',1.5,')}\n`, 'line 2: Quantity 1.5 is not a whole number.'],
    ['no price', `${HEADER}\n${GOOD.replace('4.15', '')}\n`, "line 2: UnitPrice is ''"],
    ['a price below nothing', `${HEADER}\n${GOOD.replace('4.15', '-1')}\n`, 'line 2: UnitPrice -1 is negative.'],
    [
      'a customer of words',
      `${HEADER}\n${GOOD.replace('12923.0', 'Ada')}\n`,
      "line 2: CustomerID 'Ada' is not a number.",
    ],
    ['no invoice', `${HEADER}\n${GOOD.replace('569901', '')}\n`, 'line 2: InvoiceNo is empty.'],
  ])('%s: wrong input, exit 1', async (_, content, message) => {
    const file = join(temporaryDirectory(), 'sales.csv')
    if (content !== undefined) writeFileSync(file, content)
    const { code, stderr } = await runShop(['--quiet', '--input', file])
    expect(stderr).toContain(file)
    expect(stderr).toContain(message)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(code).toBe(1)
  })

  test.each([
    [['--adapter', 'carrier-pigeon://roof'], 2, 'carrier-pigeon'],
    [['--ledger', '/nowhere/ledger.tsv'], 1, '/nowhere/ledger.tsv'],
    [['--json', '/nowhere/report.json'], 1, '/nowhere/report.json'],
  ])('%j: exit %d', async (args, exit, message) => {
    const { code, stdout, stderr } = await runShop(args)
    expect({ code, stdout }).toEqual({ code: exit, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('    at ')
  })
})

test('--help describes every option', async () => {
  const { code, stdout } = await runShop(['--help'])
  expect(code).toBe(0)
  for (const option of ['input', 'lines', 'adapter', 'fresh', 'concurrency', 'ledger', 'json', 'quiet', 'help']) {
    expect(stdout).toContain(`--${option}`)
  }
})

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { expect, test, vi } from 'vitest'
import { toItem } from '../src/orders.ts'
import { sampleSales } from '../src/sample.ts'
import { type LedgerLine, runAndRead, runShop, stationOf } from './run-shop.ts'

const LINES = 2_000

// Seconds, unless the machine has much else to do.
vi.setConfig({ testTimeout: 240_000 })

test('the totals are what the README says', async () => {
  const { code, stdout, stderr } = await runShop(['--quiet'])
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const block = /```text\n(?<block>.*?)```/s.exec(readme)?.groups?.block ?? ''
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  // What the journal has, more than that is in it where a machine is so busy that handlers time out. The totals are the same everywhere.
  const isBusy = stdout.includes('retried TIMEOUT')
  const shown = (text: string) => (isBusy ? text.slice(0, text.indexOf('\nsubscription  in the journal')) : text)
  expect(shown(stdout)).toBe(shown(block))
})

test("the ledger has the order's life that the README shows", async () => {
  const { ledger } = await runAndRead(['--adapter', 'memory:', '--quiet'])
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const shown = /```tsv\n(?<block>.*?)```/s.exec(readme)?.groups?.block?.trimEnd().split('\n') ?? []
  const order = shown[0]?.split(/\s+/)[1]
  const lived = ledger.filter(({ subscription, id }) => subscription === 'payment' && id === order)
  expect(lived.map(line => Object.values(line).join(' '))).toEqual(shown.map(line => line.split(/\s+/).join(' ')))
})

test('one handler at a time, or 64: the same report', async () => {
  const one = await runAndRead(['--adapter', 'memory:', '--quiet', '--concurrency', '1'])
  const many = await runAndRead(['--concurrency', '64'])
  expect(many.report).toEqual(one.report)
  expect(one.report.addsUp).toBe(true)
  expect(one.report.subscriptions.map(({ waiting }) => waiting)).toEqual(Array(14).fill(0))
})

test('the digest can be made again from the ledger', async () => {
  const { report, ledger } = await runAndRead(['--adapter', 'memory:', '--quiet'])
  const last = new Map<string, LedgerLine>()
  for (const line of ledger) {
    if (line.outcome === 'acked' || line.outcome === 'dead') last.set(`${line.subscription} ${line.id}`, line)
  }
  const states = [...last.values()].map(line => `${Object.values(line).join('\t')}\n`)
  expect(createHash('sha256').update(states.sort().join('')).digest('hex')).toBe(report.digest)
})

test('failing, dying, and coming back is between an order and payment', async () => {
  const { report, ledger } = await runAndRead(['--adapter', 'memory:', '--quiet'])
  const died = ledger.filter(({ subscription, outcome }) => subscription === 'payment' && outcome === 'dead')
  const idsDeadOf = (reason: string) => died.filter(it => it.reason === reason).map(({ id }) => id)
  const [anonymous, exhausted] = [idsDeadOf('NO_CUSTOMER'), idsDeadOf('EXHAUSTED')]
  expect(report.redriven).toEqual({ EXHAUSTED: exhausted.length, NO_CUSTOMER: anonymous.length })

  // The other subscription of the same topic has seen every order once: dead, or redriven, or neither.
  const reported = ledger.filter(({ subscription }) => subscription === 'sales-report').map(({ id }) => id)
  expect(reported).toHaveLength(stationOf(report, 'sales-report').history)
  expect(new Set(reported).size).toBe(reported.length)

  const ends = (id: string) => ledger.filter(it => it.subscription === 'payment' && it.id === id).map(it => it.outcome)
  expect(ends(anonymous[0] ?? '')).toEqual(['dead', 'acked'])
  expect(ends(exhausted[0] ?? '')).toEqual(['retried', 'retried', 'retried', 'retried', 'dead', 'acked'])
})

test('a child that is published again is stored once', async () => {
  const { report, ledger } = await runAndRead(['--adapter', 'memory:', '--quiet'])
  const again = ledger.filter(({ outcome, reason }) => outcome === 'retried' && reason === 'COURIER_SILENT')
  expect(again.length).toBeGreaterThan(5)
  const shipped = stationOf(report, 'delivery').handled
  expect(ledger.filter(({ subscription }) => subscription === 'tracking')).toHaveLength(shipped)
})

test('express orders are paid first', async () => {
  const { ledger } = await runAndRead(['--adapter', 'memory:', '--quiet', '--concurrency', '1'])
  const express = new Set<string | undefined>()
  for await (const sale of sampleSales(LINES)) {
    const { id, priority } = toItem(sale)
    if (priority === 1) express.add(id)
  }
  // The guests: redriven together, and held up by nothing but each other. Those that had to be retried have lost their turn.
  const retried = new Set(ledger.filter(({ outcome }) => outcome === 'retried').map(({ id }) => id))
  const guests = ledger.filter(({ id, reason }) => reason === 'CHARGED_AS_GUEST' && !retried.has(id))
  const order = guests.map(({ id }) => (express.has(id) ? 'express' : 'standard'))
  expect(new Set(order)).toEqual(new Set(['express', 'standard']))
  expect(order).toEqual(order.toSorted())
})

test("a customer's orders are paid in their order, through retries", async () => {
  const { ledger } = await runAndRead(['--adapter', 'memory:', '--quiet', '--concurrency', '64'])
  const keys = new Map<string, string | undefined>()
  for await (const sale of sampleSales(LINES)) {
    const { id = '', key } = toItem(sale)
    keys.set(id, key)
  }
  const redriven = new Set(ledger.filter(it => it.subscription === 'payment' && it.outcome === 'dead').map(it => it.id))
  for (const subscription of ['payment', 'inventory', 'delivery']) {
    const latest = new Map<string, string>()
    let retried = 0
    for (const it of ledger) {
      const order = it.id.split('/')[0] ?? ''
      const key = keys.get(order)
      if (it.subscription !== subscription || key === undefined || redriven.has(order)) continue
      if (it.outcome === 'retried') retried += 1
      else if (order < (latest.get(key) ?? '')) expect.fail(`${subscription}: ${order} after ${latest.get(key)}`)
      else latest.set(key, order)
    }
    expect(retried).toBeGreaterThan(10)
  }
})

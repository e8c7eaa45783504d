import type { Broker } from '@pluribus/core'
import type { Display } from './display.ts'
import { feed, ordersIn } from './feed.ts'
import { checkFitness } from './fitness.ts'
import { openShop } from './handlers/index.ts'
import { Intake } from './intake.ts'
import type { Ledger } from './ledger.ts'
import { patiently } from './patiently.ts'
import { progressOf } from './progress.ts'
import { repair } from './repair.ts'
import { describeReasons, type Report } from './report.ts'
import type { Sales } from './sales.ts'
import { allSettled, glance } from './settled.ts'
import { Shop } from './shop.ts'
import { thousands } from './table.ts'
import { takeStock } from './totals.ts'

/** How often dead letters are given back. What dies so often is not put right by that. */
const ROUNDS = 5

export interface Setting {
  readonly broker: Broker
  readonly sales: Sales
  /** Handlers at once, of each subscription. */
  readonly concurrency: number
  readonly ledger: Ledger
  readonly display: Display
  readonly signal: AbortSignal
}

/** Runs the shop over all its sales, or until the signal fires. What an earlier run has done is not done again. */
export async function run(setting: Setting): Promise<Report> {
  const { broker, sales, ledger, display, signal } = setting
  const shop = new Shop(broker, ledger)
  const intake = new Intake()
  await patiently(() => checkFitness(broker, shop.board, sales.name), signal)
  const stored = await patiently(() => ordersIn(broker), signal)
  if (stored.size > 0) {
    display.say(`going on: ${thousands(stored.size)} lines were in already`)
    ledger.beginsLate()
  }
  ledger.observe(broker)
  display.watch(progressOf(broker, ledger, intake))

  const consumers = await openShop(broker, shop, setting.concurrency)
  await feed(broker, { sales: sales.lines(), intake, stored, signal })
  display.say(`${thousands(intake.lines)} lines are in`)
  await work(setting, shop)
  await Promise.all(consumers.map(consumer => consumer.close()))
  if (ledger.isEmpty) display.say('nothing was left to do here')
  return await patiently(() => report(setting, intake))
}

/** Waits until everything is handled, and puts right what is dead, until there is nothing more to put right. */
async function work({ broker, ledger, display, signal }: Setting, shop: Shop): Promise<void> {
  for (let round = 1; round <= ROUNDS; round += 1) {
    await allSettled(broker, ledger, signal)
    if (signal.aborted) return
    const redriven = Object.entries(await repair(broker, shop))
    for (const [subscription, reasons] of redriven) {
      display.say(`dead in ${subscription}: ${describeReasons(reasons)}; fixed, and redriven to ${subscription} alone`)
    }
    // Another process may have redriven them a moment ago: that is looked at once more.
    await allSettled(broker, ledger, signal)
    if (redriven.length === 0) return
  }
}

async function report({ broker, ledger, signal }: Setting, intake: Intake): Promise<Report> {
  const interrupted = signal.aborted
  const before = await glance(broker)
  const stock = await takeStock(broker, ledger, interrupted)
  const othersGoOn = interrupted && before !== (await glance(broker))
  const isComplete = stock.subscriptions.every(({ waiting }) => waiting === 0)
  const isSound = stock.subscriptions.every(({ problems }) => problems.length === 0)
  return { ...intake, ...stock, interrupted, othersGoOn, addsUp: isSound && (isComplete || interrupted) }
}

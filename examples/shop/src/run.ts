import type { Broker } from '@pluribus/core'
import type { Display } from './display.ts'
import { feed } from './feed.ts'
import { checkFitness } from './fitness.ts'
import { openShop } from './handlers/index.ts'
import { Intake } from './intake.ts'
import type { Ledger } from './ledger.ts'
import type { Options } from './options.ts'
import { progressOf } from './progress.ts'
import { repair } from './repair.ts'
import { describeReasons, type Report } from './report.ts'
import { readSales } from './sales-csv.ts'
import { sampleSales } from './sample.ts'
import { allSettled } from './settled.ts'
import { Shop } from './shop.ts'
import { thousands } from './table.ts'
import { takeStock } from './totals.ts'

export interface Setting {
  readonly broker: Broker
  readonly options: Pick<Options, 'input' | 'lines' | 'concurrency'>
  readonly ledger: Ledger
  readonly display: Display
  readonly signal: AbortSignal
}

/** Runs the shop over all its sales, or until the signal fires. */
export async function run({ broker, options, ledger, display, signal }: Setting): Promise<Report> {
  await checkFitness(broker)
  const shop = new Shop(ledger)
  const intake = new Intake()
  ledger.observe(broker)
  display.watch(progressOf(broker, ledger, intake))

  const consumers = await openShop(broker, shop, options.concurrency)
  const sales = options.input === undefined ? sampleSales(options.lines) : readSales(options.input)
  await feed(broker, sales, intake, signal)
  display.say(`${thousands(intake.lines)} lines are in`)
  await allSettled(broker, ledger, signal)
  const redriven = signal.aborted ? {} : await repairPayment(broker, shop, display)
  await allSettled(broker, ledger, signal)

  await Promise.all(consumers.map(consumer => consumer.close()))
  const subscriptions = await takeStock(broker, ledger)
  return reportOf({ shop, intake, redriven, subscriptions, interrupted: signal.aborted })
}

async function repairPayment(broker: Broker, shop: Shop, display: Display): Promise<Report['redriven']> {
  const redriven = await repair(broker, shop)
  display.say(`dead in payment: ${describeReasons(redriven)}; fixed, and redriven to payment alone`)
  return redriven
}

type Findings = Pick<Report, 'redriven' | 'subscriptions' | 'interrupted'> & {
  readonly shop: Shop
  readonly intake: Intake
}

function reportOf({ shop, intake, redriven, subscriptions, interrupted }: Findings): Report {
  const isComplete = subscriptions.every(({ waiting }) => waiting === 0)
  const isSound = subscriptions.every(({ problems }) => problems.length === 0)
  return {
    ...intake,
    charged: { orders: shop.gateway.charges, pence: shop.gateway.pence },
    redriven,
    subscriptions,
    digest: shop.ledger.digest(),
    interrupted,
    addsUp: isSound && (isComplete || interrupted),
  }
}

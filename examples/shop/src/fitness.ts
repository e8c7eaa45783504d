import type { Broker } from '@pluribus/core'
import { ordersPlaced, pipeline } from './model.ts'
import { type Board, books, notices } from './office.ts'
import { ShopError } from './shop-error.ts'

/** Throws, before anything has happened, if a broker cannot do what the model asks for, or has other orders in it. */
export async function checkFitness(broker: Broker, board: Board, sales: string): Promise<void> {
  const refusals = broker.check(...pipeline).map(({ subject, message }) => `${subject}: ${message}`)
  if (refusals.length > 0) throw new ShopError(`${broker.adapter} cannot run the shop.\n${refusals.join('\n')}`)

  await broker.declare(...pipeline, books, notices)
  const sold = (await board.read('SALES')) ?? (await begin(broker, board, sales))
  if (sold !== sales) throw notEmpty(`the orders of '${sold}', not of '${sales}'`)
}

/** Answers what is sold here: another process may have begun meanwhile. */
async function begin(broker: Broker, board: Board, sales: string): Promise<string | undefined> {
  // The notice comes before any order, so that where there is one, a notice that is missing now will not come.
  if ((await hasOrders(broker)) && (await board.read('SALES')) === undefined) throw notEmpty('orders of somebody else')
  await board.put({ notice: 'SALES', text: sales })
  return await board.read('SALES')
}

const notEmpty = (what: string) => new ShopError(`This broker has ${what}. Give the shop an empty one.`)

async function hasOrders(broker: Broker): Promise<boolean> {
  for await (const _ of broker.history(ordersPlaced)) return true
  return false
}

import type { Broker } from '@pluribus/core'
import { ordersPlaced, pipeline } from './model.ts'
import { type Board, books, notices } from './office.ts'
import { ShopError } from './shop-error.ts'

/** Throws, before anything has happened, if a broker cannot do what the model asks for, or has other orders in it. */
export async function checkFitness(broker: Broker, board: Board, sales: string): Promise<void> {
  const refusals = broker.check(...pipeline).map(({ subject, message }) => `${subject}: ${message}`)
  if (refusals.length > 0) throw new ShopError(`${broker.adapter} cannot run the shop.\n${refusals.join('\n')}`)

  await broker.declare(...pipeline, books, notices)
  if ((await board.read('SALES')) === undefined) {
    for await (const { id } of broker.history(ordersPlaced)) {
      throw new ShopError(`This broker has orders that are not of this shop (${id}). Give the shop an empty one.`)
    }
    await board.put({ notice: 'SALES', text: sales })
  }
  const sold = await board.read('SALES')
  if (sold !== sales)
    throw new ShopError(`This broker has the orders of '${sold}', not of '${sales}'. Give the shop an empty one.`)
}

import type { Broker } from '@pluribus/core'
import { ordersPlaced, pipeline } from './model.ts'
import { ShopError } from './shop-error.ts'

/** Throws, before anything has happened, if a broker cannot do what the model asks for, or has orders in it already. */
export async function checkFitness(broker: Broker): Promise<void> {
  const refusals = broker.check(...pipeline).map(({ subject, message }) => `${subject}: ${message}`)
  if (refusals.length > 0) throw new ShopError(`${broker.adapter} cannot run the shop.\n${refusals.join('\n')}`)

  await broker.declare(...pipeline)
  for await (const { id } of broker.history(ordersPlaced)) {
    throw new ShopError(`This broker has orders from an earlier run (${id}). Give the shop an empty one.`)
  }
}

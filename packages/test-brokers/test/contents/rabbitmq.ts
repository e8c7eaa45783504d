import { expectMethod, openConnection, sendMethod, short } from '../../src/wire/amqp.ts'
import { converse, type Wire } from '../../src/wire/wire.ts'
import type { Contents } from './contents.ts'

const DURABLE = 0b10
const PASSIVE = 0b01

/** queue.declare: reserved, name, flags, no arguments. Rejects where the server closes the channel instead. */
const declare = (port: number, flags: number): Promise<void> =>
  converse(port, async (wire: Wire) => {
    await openConnection(wire)
    sendMethod(wire, 1, 20, 10, short(''))
    await expectMethod(wire, 20, 11)
    sendMethod(wire, 1, 50, 10, Buffer.concat([Buffer.from([0, 0]), short('kept'), Buffer.from([flags, 0, 0, 0, 0])]))
    await expectMethod(wire, 50, 11)
  })

export const rabbitmqContents: Contents = {
  store: port => declare(port, DURABLE),
  isThere: port =>
    declare(port, DURABLE | PASSIVE).then(
      () => true,
      (error: Error) => {
        if (error.message.includes('NOT_FOUND')) return false
        throw error
      },
    ),
}

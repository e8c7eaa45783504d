import type { Connection, Lane, OutgoingMessage } from '@pluribus/core/driver'
import { defineCases } from '../case/case.js'
import type { CaseContext } from '../case/context.js'
import { check, equal } from '../case/expect.js'
import { upTo } from '../case/up-to.js'

/** The messages `first` to `last` of a lane, as a forwarder hands them over: with the ids that they had where they come from. */
const numbered = (topic: string, first: number, last: number): readonly OutgoingMessage[] =>
  upTo(last - first + 1).map(index => {
    const n = first + index - 1
    const payload = JSON.stringify({ n })
    return {
      ...{ id: `${topic}-${n}`, topic, payload, size: payload.length, contentType: 'application/json' },
      ...{ key: undefined, priority: 0, headers: {}, time: n, source: 'forwarder', version: 1 },
      ...{ correlationId: undefined, causationId: undefined, idSupplied: true, delay: 0 },
    }
  })

function sequencedBy({ publisher }: Connection) {
  check(publisher.publishSequenced !== undefined, 'the publisher has no publishSequenced')
  check(publisher.position !== undefined, 'the publisher cannot say where a lane stands')
  const publish = (lane: Lane, first: number, batch: readonly OutgoingMessage[]) =>
    publisher.publishSequenced?.(lane, first, batch)
  return { publish, position: (lane: Lane) => publisher.position?.(lane) }
}

async function storedIn(it: CaseContext, connection: Connection, topic: string): Promise<readonly unknown[]> {
  const numbers: unknown[] = []
  for await (const { payload } of connection.persistence.history(topic, { from: 'earliest' })) {
    numbers.push(JSON.parse(typeof payload === 'string' ? payload : Buffer.from(payload).toString()).n)
  }
  check(numbers.length <= it.size(1_000), 'there is more than was published')
  return numbers
}

const STORED = { profile: 'full', needs: ['sequenced:stored', 'history:stored'], proves: ['sequenced:stored'] } as const

/** Lanes: what is forwarded from another broker, with its position. */
export const SEQ = defineCases(
  {
    ...STORED,
    id: 'SEQ-01',
    title: 'what is there already is skipped, wherever a repeat begins',
    promise:
      'A lane stores each of its positions once, in order, whatever part of it is handed over again, and by whom.',
    async run(it) {
      const orders = it.topic()
      const connection = await it.connect()
      await connection.declare([orders.spec], [])
      const lane = { name: `${orders.name}-lane`, epoch: 1 }
      const { publish, position } = sequencedBy(connection)
      equal(await position(lane), 0, 'the position of a lane that nobody has seen')
      equal(await publish(lane, 1, numbered(orders.name, 1, 5)), 5, 'the position after five')
      equal(await publish(lane, 3, numbered(orders.name, 3, 8)), 8, 'the position after six of which three were there')
      equal(await publish(lane, 1, numbered(orders.name, 1, 4)), 8, 'the position after four that were all there')
      const other = await it.connect()
      equal(await sequencedBy(other).position(lane), 8, 'the position that another process reads')
      equal(await storedIn(it, other, orders.name), upTo(8), 'what is stored')
    },
  },
  {
    ...STORED,
    id: 'SEQ-02',
    title: 'a gap stores nothing',
    promise:
      'What would leave a gap in its lane is not stored, no part of it, and the answer says where the lane stands.',
    async run(it) {
      const orders = it.topic()
      const connection = await it.connect()
      await connection.declare([orders.spec], [])
      const lane = { name: `${orders.name}-lane`, epoch: 1 }
      const { publish } = sequencedBy(connection)
      equal(await publish(lane, 2, numbered(orders.name, 2, 3)), 0, 'the position after what does not begin at 1')
      equal(await publish(lane, 1, numbered(orders.name, 1, 2)), 2, 'the position after two')
      equal(await publish(lane, 4, numbered(orders.name, 4, 6)), 2, 'the position after what leaves out the third')
      equal(await storedIn(it, connection, orders.name), [1, 2], 'what is stored')
    },
  },
  {
    ...STORED,
    id: 'SEQ-03',
    title: 'a later epoch takes the lane over',
    promise: 'Once a later forwarder has stored anything in a lane, an earlier one stores nothing in it.',
    async run(it) {
      const orders = it.topic()
      const [earlier, later] = [await it.connect(), await it.connect()]
      await earlier.declare([orders.spec], [])
      const name = `${orders.name}-lane`
      const [before, after] = [sequencedBy(earlier), sequencedBy(later)]
      await before.publish({ name, epoch: 1 }, 1, numbered(orders.name, 1, 3))
      equal(await after.publish({ name, epoch: 2 }, 4, numbered(orders.name, 4, 4)), 4, 'the position of the later one')
      equal(await before.publish({ name, epoch: 1 }, 5, numbered(orders.name, 5, 6)), 4, 'what the earlier one is told')
      equal(await storedIn(it, later, orders.name), upTo(4), 'what is stored')
    },
  },
)

/** Publishes and handles until it is killed, and says what it was told. Arguments: the folder, and the number of its life. */
import { createBroker, topic } from '@pluribus/core'
import { file } from '../../src/index.js'

const [dir = '', life = ''] = process.argv.slice(2)
const numbers = topic<{ id: string }>('numbers')
const reader = numbers.subscription('reader')
const say = (what: string, id: string) => void process.stdout.write(`${what} ${id}\n`)

const broker = await createBroker({ adapter: file({ dir }), journal: 'off' })
broker.on('delivery.acked', ({ id }) => say('acked', id))
await broker.subscribe(reader, async message => say('ran', message.id), { concurrency: 4 })
for (let number = 0; ; number++) {
  const batch = Array.from({ length: 5 }, (_, index) => ({ id: `${life}-${number}-${index}` }))
  await Promise.all(batch.map(({ id }) => broker.publish(numbers, { id }, { id }).then(() => say('stored', id))))
}

import { createBroker, reject, topic } from '@pluribus/core'
import { file } from '@pluribus/file'

const orderPlaced = topic<{ customer: string; total: number }>('orders.placed')
const billing = orderPlaced.subscription('billing', { retry: { attempts: 3, delays: ['100ms', '1s'] } })
const creditworthy = new Set(['Ada'])

const adapter = file({ dir: '.pluribus/quickstart' }) // a folder, or 'redis://localhost:6379': nothing else changes
await using broker = await createBroker({ adapter })
const next = (event: 'delivery.acked' | 'delivery.dead') => new Promise(resolve => broker.on(event, resolve))

await broker.subscribe(billing, ({ data }, { attempt }) => {
  console.log(`attempt ${attempt}: ${data.customer} pays ${data.total}`)
  if (data.customer === 'Ada' && attempt === 1) throw new Error('The gateway is busy.') // tried again after 100 ms
  return creditworthy.has(data.customer) ? undefined : reject('NO_CREDIT') // dead-lettered at once
})

const [paid, died] = [next('delivery.acked'), next('delivery.dead')]
await broker.publish(orderPlaced, { customer: 'Ada', total: 9 })
await paid
await broker.publish(orderPlaced, { customer: 'Bob', total: 5 })
await died
for await (const { message, reason } of broker.deadLetters(billing))
  console.log(`dead: ${message.data.customer}, ${reason}`)

creditworthy.add('Bob') // the fix, and then
const redriven = next('delivery.acked')
await broker.redrive(billing) // back into the subscription that failed, and no other
await redriven
const { waiting, leased, dead } = await broker.counts(billing)
console.log('waiting, leased, dead:', waiting, leased, dead)

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Broker, createBroker, priority, reject, topic } from '@pluribus/core'
import { sqlite } from './index.ts'

const parcel = topic<{ to: string }>('parcels.packed')
const courier = parcel.subscription('courier', {
  discipline: priority({ levels: 3 }),
  retry: { attempts: 2, delays: ['50ms'] },
})

const folder = await mkdtemp(join(tmpdir(), 'pluribus-parcels-'))
const open = () => createBroker({ adapter: sqlite({ path: join(folder, 'parcels.db') }) })
const acked = (broker: Broker, count: number) =>
  new Promise<void>(resolve => broker.on('delivery.acked', () => --count === 0 && resolve()))

try {
  // Packed while no courier is there. Nothing of it is in memory any more when this broker is closed.
  const packing = await open()
  await packing.declare(courier)
  await packing.publish(parcel, { to: 'Ada' })
  await packing.publish(parcel, { to: 'Atlantis' })
  await packing.publish(parcel, { to: 'Bob' }, { priority: 2 })
  await packing.close()

  const delivering = await open()
  const died = new Promise(resolve => delivering.on('delivery.dead', resolve))
  const delivered = acked(delivering, 2)
  await delivering.subscribe(courier, ({ data: { to } }, { attempt }) => {
    console.log(`attempt ${attempt}: ${to}`)
    if (to === 'Ada' && attempt === 1) throw new Error('Nobody is at home.')
    return to === 'Atlantis' ? reject('NO_SUCH_PLACE') : undefined
  })
  await Promise.all([delivered, died])
  for await (const { message, reason } of delivering.deadLetters(courier))
    console.log(`dead: ${message.data.to}, ${reason}`)
  for await (const { data } of delivering.history(parcel)) console.log(`kept: ${data.to}`)
  const { waiting, retrying, dead } = await delivering.counts(courier)
  console.log('waiting, retrying, dead:', waiting, retrying, dead)
  await delivering.close()
} finally {
  await rm(folder, { recursive: true })
}

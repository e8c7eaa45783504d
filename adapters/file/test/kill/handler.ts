/** Handles what comes, taking its time, until it is told to end, and ends in good order. Argument: the folder. */
import { createBroker, topic } from '@pluribus/core'
import { file } from '../../src/index.js'

const [dir = ''] = process.argv.slice(2)
const numbers = topic<{ id: string }>('numbers')
const reader = numbers.subscription('reader')

const broker = await createBroker({ adapter: file({ dir, leaderTimeout: '30s' }), journal: 'off' })
process.once('SIGTERM', () => void broker.close())
await broker.subscribe(
  reader,
  async ({ data: { id } }) => {
    process.stdout.write(`ran ${id}\n`)
    await new Promise(resolve => setTimeout(resolve, 5 + (Number(id) % 7) * 10))
  },
  { concurrency: 8 },
)
process.stdout.write('there\n')

/** A process of its own: publishes what it is told to, and handles what comes, telling of each on a line. */
import { createBroker, topic } from '@pluribus/core'
import { sqlite } from '../src/index.ts'

const [path = '', name = '', count = '0'] = process.argv.slice(2)
const jobs = topic<{ job: string }>('jobs.made')
const broker = await createBroker({ adapter: sqlite({ path, poll: '50ms' }), lease: '1s', source: name })
const say = (what: string, job: string): void => {
  process.stdout.write(`${what} ${job}\n`)
}

broker.on('delivery.acked', ({ id }) => say('acked', id))
await broker.subscribe(jobs.subscription('workers'), ({ id }) => say('ran', id), { concurrency: 4, prefetch: 8 })
for (let n = 1; n <= Number(count); n++) {
  const id = `${name}-${n}`
  await broker.publish(jobs, { job: id }, { id })
  say('published', id)
}
process.stdin.on('end', () => broker.close()).resume()

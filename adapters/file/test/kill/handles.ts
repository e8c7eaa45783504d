/** Publishes while no file can be opened, and afterwards. Says what became of it in a line of JSON. Argument: the folder. */
import { closeSync, openSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createBroker, isPluribusError, topic } from '@pluribus/core'
import { file } from '../../src/index.js'

const [dir = ''] = process.argv.slice(2)
const numbers = topic<{ n: number; text: string }>('numbers')
/** Of a segment's 16 MiB, the part of a message. */
const TEXT = 'x'.repeat(2 * 1_024 * 1_024)
const MESSAGES = 9

const broker = await createBroker({ adapter: file({ dir }), journal: 'off', logger: false })
let n = 0
async function publishAll(): Promise<string[]> {
  const fates: string[] = []
  for (let left = MESSAGES; left > 0; left--) {
    const fate = broker.publish(numbers, { n: n++, text: TEXT }).then(
      () => 'stored',
      error => (isPluribusError(error) ? error.code : String(error)),
    )
    fates.push(await fate)
  }
  return fates
}
const segments = () => readdirSync(join(dir, 'segments')).length

await broker.publish(numbers, { n: n++, text: '' })
const taken: number[] = []
const segmentsBefore = segments()
try {
  for (;;) taken.push(openSync('/dev/null', 'r'))
} catch (error) {
  if ((error as { code?: unknown }).code !== 'EMFILE') throw error
}
const without = await publishAll()
for (const handle of taken) closeSync(handle)
const after = await publishAll()
const segmentsAfter = segments()
await broker.close()
process.stdout.write(`${JSON.stringify({ without, after, segmentsBefore, segmentsAfter })}\n`)

import { number, table } from '../../report/table.ts'
import { connect } from './client.ts'

const SHOWN = 12

/** Where the server says that its time went since it started: commands, those that scripts call among them. */
export async function serverStats(url: string): Promise<string> {
  const client = await connect(url)
  const info = await client.info('commandstats')
  client.disconnect()
  const found = [...info.matchAll(/cmdstat_(\S+):calls=(\d+),usec=(\d+)/g)].map(([, name = '', calls, time]) => {
    // A bar would end the cell.
    return { name: name.replace('|', ' '), calls: Number(calls), time: Number(time) }
  })
  const total = found.reduce((sum, { time }) => sum + time, 0)
  const rows = found.sort((one, other) => other.time - one.time).slice(0, SHOWN)
  return table(
    ['command', 'calls', 'µs a call', '% of all'],
    rows.map(({ name, calls, time }) => [
      name,
      number(calls, 0),
      number(time / calls, 1),
      number((time / total) * 100, 1),
    ]),
  )
}

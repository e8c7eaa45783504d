import type { Broker } from '@pluribus/core'
import type { View } from './display.ts'
import type { Intake } from './intake.ts'
import type { Ledger } from './ledger.ts'
import { pipeline } from './model.ts'
import { unended } from './settled.ts'
import { table, thousands } from './table.ts'

const HEADER = ['topic', 'subscription', 'handled', 'retried', 'dead', 'waiting']

/** The run as it stands: what this process has handled and retried, what is dead, and what the broker still has to deliver. */
export const progressOf = (broker: Broker, ledger: Ledger, intake: Intake): View => ({
  async table() {
    const rows: (string | number)[][] = []
    for (const station of pipeline) {
      const { acked, retried, dead } = ledger.tally(station.name)
      const counts = await broker.counts(station)
      rows.push([station.topic.name, station.name, acked, retried, counts.dead ?? dead, unended(counts) ?? 0])
    }
    return [`${thousands(intake.lines)} lines read`, '', ...table(HEADER, rows)]
  },
  async line() {
    const stations = ['payment', 'inventory', 'delivery', 'notification']
    const handled = stations.map(name => `${name} ${thousands(ledger.tally(name).acked)}`)
    const sum = (what: 'retried' | 'dead') =>
      thousands(pipeline.reduce((total, { name }) => total + ledger.tally(name)[what], 0))
    return `${thousands(intake.lines)} lines read · ${handled.join(' · ')} · ${sum('retried')} retried · ${sum('dead')} dead`
  },
})

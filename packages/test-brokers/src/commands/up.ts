import { once } from 'node:events'
import { MissingBroker } from '../missing-broker.ts'
import { startBroker } from '../start-broker.ts'
import type { BrokerKind, TestBroker } from '../test-broker.ts'

/** Starts what can be started, prints the URLs, and runs until it is told to end. The exit code: 1 where one did not start. */
export async function up(kinds: readonly BrokerKind[]): Promise<number> {
  const told = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  const starts = await Promise.allSettled(kinds.map(announce))
  const brokers = starts.flatMap(start => (start.status === 'fulfilled' ? start.value : []))
  const failures = starts.flatMap(start => (start.status === 'rejected' ? [start.reason] : []))
  for (const failure of failures) process.stderr.write(`${describe(failure)}\n`)
  if (brokers.length > 0) {
    process.stdout.write('They run until Ctrl-C, and leave nothing behind.\n')
    // The servers keep nobody alive; this does.
    const alive = setInterval(() => {}, 60_000)
    await told
    clearInterval(alive)
    await Promise.all(brokers.map(broker => broker.dispose()))
  }
  return failures.length === 0 ? 0 : 1
}

async function announce(kind: BrokerKind): Promise<TestBroker> {
  const broker = await startBroker(kind)
  process.stdout.write(`${kind.padEnd(10)}${broker.version.padEnd(10)}${broker.url}\n`)
  return broker
}

function describe(failure: unknown): string {
  if (failure instanceof MissingBroker) return failure.message
  return failure instanceof Error ? (failure.stack ?? failure.message) : String(failure)
}

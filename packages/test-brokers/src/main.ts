/** `npm run brokers`: what this machine can run, and a set of servers to work with. */
import { doctor } from './commands/doctor.ts'
import { up } from './commands/up.ts'
import { BROKER_KINDS, type BrokerKind } from './test-broker.ts'

const USAGE = `npm run brokers -- doctor [kinds]   which servers this machine can run, in which versions; installs nothing
npm run brokers -- up [kinds]       starts them, prints their URLs, and keeps them running until Ctrl-C

kinds: ${BROKER_KINDS.join(' ')}; default: all

PLURIBUS_BROKERS_INSTALL=never      installs nothing; otherwise missing Debian packages are, by root, where there is apt-get
PLURIBUS_BROKER_LOGS=<folder>       where logs are kept; default: pluribus-broker-logs in the system's folder for what is temporary`

const isKind = (name: string): name is BrokerKind => BROKER_KINDS.some(kind => kind === name)

async function main([command, ...names]: readonly string[]): Promise<number> {
  const unknown = names.filter(name => !isKind(name))
  const kinds = names.length === 0 ? BROKER_KINDS : names.filter(isKind)
  if (unknown.length === 0 && command === 'doctor') return doctor(kinds)
  if (unknown.length === 0 && command === 'up') return up(kinds)
  const isHelp = command === '--help' || command === undefined
  const complaint = unknown.length > 0 ? `no such broker: ${unknown.join(', ')}\n\n` : ''
  process[isHelp ? 'stdout' : 'stderr'].write(`${complaint}${USAGE}\n`)
  return isHelp ? 0 : 2
}

process.exitCode = await main(process.argv.slice(2))

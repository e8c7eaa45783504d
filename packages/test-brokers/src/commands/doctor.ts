import { thisMachine } from '../machine/machine.ts'
import { MissingBroker } from '../missing-broker.ts'
import { findBroker } from '../start-broker.ts'
import type { BrokerKind } from '../test-broker.ts'

/** Prints a line for each kind. Installs nothing. The exit code: 1 where one is missing. */
export async function doctor(kinds: readonly BrokerKind[]): Promise<number> {
  const lines = await Promise.all(kinds.map(diagnose))
  for (const { text } of lines) process.stdout.write(`${text}\n`)
  return lines.every(({ isThere }) => isThere) ? 0 : 1
}

async function diagnose(kind: BrokerKind): Promise<{ readonly text: string; readonly isThere: boolean }> {
  try {
    const { version, programs, caveat } = await findBroker(kind, {
      ...thisMachine(),
      mayInstall: false,
      mayFetch: false,
    })
    const remark = caveat === undefined ? '' : `; ${caveat}`
    return { text: `${kind.padEnd(10)}${version.padEnd(10)}${programs.server}${remark}`, isThere: true }
  } catch (error) {
    if (!(error instanceof MissingBroker)) throw error
    return { text: `${kind.padEnd(10)}${'–'.padEnd(10)}${error.message}`, isThere: false }
  }
}

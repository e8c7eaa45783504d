import { MissingBroker } from '../missing-broker.ts'
import type { BrokerKind } from '../test-broker.ts'
import type { Machine } from './machine.ts'

/** A program of a server, and where it comes from. */
export interface Wanted {
  readonly kind: BrokerKind
  readonly program: string
  /** The Debian package that has it. */
  readonly debian: string
  /** Where it may be, as `Machine.which` has it. Default: on the PATH. */
  readonly folders?: readonly string[]
}

/** The path of a program. It is installed where it is missing and the machine may install. Rejects with `MissingBroker`. */
export async function requireProgram(machine: Machine, wanted: Wanted): Promise<string> {
  const { kind, program, debian, folders } = wanted
  const found = machine.which(program, folders)
  if (found !== undefined) return found
  if (!machine.mayInstall)
    throw new MissingBroker(kind, `there is no ${program}; install it (Debian: apt-get install ${debian}).`)
  await install(machine, kind, debian)
  const installed = machine.which(program, folders)
  if (installed === undefined) throw new MissingBroker(kind, `the package ${debian} has brought no ${program}.`)
  return installed
}

async function install(machine: Machine, kind: BrokerKind, debian: string): Promise<void> {
  // In runlevel 1 Debian's packages start no server of the system's (invoke-rc.d(8)): those for tests are private ones.
  const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  try {
    await machine.run('apt-get', ['update', '-qq'], env)
    await machine.run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', debian], env)
  } catch (error) {
    throw new MissingBroker(kind, `apt-get could not install ${debian}.`, { cause: error })
  }
}

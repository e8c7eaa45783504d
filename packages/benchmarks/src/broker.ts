import type { BrokerKind } from '@pluribus/test-brokers'
import type { Scenario } from './scenario.ts'
import type { Subject } from './subject.ts'

/** What a goal compares. `at most` for costs, `at least` for rates. */
export type Goal =
  | {
      readonly kind: 'ratio'
      readonly text: string
      readonly scenario: string
      readonly against: string
      readonly atLeast: number
    }
  | {
      readonly kind: 'cost'
      readonly text: string
      readonly scenario: string
      readonly figure: string
      readonly against: string
      readonly atMost: number
    }
  | {
      readonly kind: 'limit'
      readonly text: string
      readonly scenario: string
      readonly figure: string
      readonly atMost: number
    }
  | {
      readonly kind: 'floor'
      readonly text: string
      readonly scenario: string
      readonly figure: string
      readonly atLeast: number
    }
  | {
      readonly kind: 'growth'
      readonly text: string
      readonly from: string
      readonly to: string
      readonly against: string
      readonly atMost: number
    }

/** What `--broker` selects: a folder of subjects, ours first, and what we owe. */
export interface BenchedBroker {
  readonly name: string
  readonly ours: string
  readonly subjects: readonly Subject[]
  readonly goals: readonly Goal[]
  /** Names of the scenarios that are measured, in any order. */
  readonly scenarios: readonly string[]
  /** The server, or the folder, that every measurement gets a fresh one of; absent where the broker is in the process. */
  readonly place?: BrokerKind | 'folder'
  /** For `--profile`: what the server says of its own time, as Markdown. */
  serverStats?(url: string): Promise<string>
  /** Names of the packages whose versions the report states. */
  readonly versions: readonly string[]
}

export const takesPart = (subject: Subject, scenario: Scenario): boolean =>
  subject.only === undefined || subject.only.includes(scenario.name)

/** Loads `brokers/<name>/index.ts`. */
export async function loadBroker(name: string): Promise<BenchedBroker> {
  if (!/^[a-z]+$/.test(name)) throw new Error(`--broker ${name}: lower-case letters, as the folders in src/brokers.`)
  const module = (await import(`./brokers/${name}/index.ts`)) as { readonly broker: BenchedBroker }
  return module.broker
}

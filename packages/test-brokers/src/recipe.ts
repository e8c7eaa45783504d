import type { Machine } from './machine/machine.ts'
import type { Owner } from './machine/owner.ts'
import type { Command } from './supervision/protocol.ts'
import type { BrokerKind } from './test-broker.ts'

/** The programs of one kind of server on this machine. */
export interface Installation {
  readonly kind: BrokerKind
  readonly version: string
  /** Its programs and folders, by the names that its recipe uses. */
  readonly programs: Readonly<Record<string, string>>
  /** Whom its processes run as; absent: whoever runs the tests. */
  readonly owner?: Owner
  /** What an acknowledgement does not survive in this version; absent: nothing to say. */
  readonly caveat?: string
}

/** Where one server lives. */
export interface Place {
  /** All that it writes is in here. */
  readonly folder: string
  /** What it stores: a folder in {@link folder} that exists and is empty before the first start. */
  readonly data: string
  /** The first of {@link PORTS_EACH} consecutive ports that are its own: the one for clients. */
  readonly port: number
}

/** The ports that each server may use: those for clients and those among its own processes. */
export const PORTS_EACH = 4

/** How a server is run and ended. */
export interface Launch extends Command {
  /** Asks its first process for an orderly end that does not wait for clients. */
  readonly stop: NodeJS.Signals
  /** Ends it where its data does not matter any more. Default: SIGKILL, to all of its processes. */
  readonly discard?: NodeJS.Signals
}

/** All that is particular to one kind of server. */
export interface Recipe {
  readonly kind: BrokerKind
  /** Finds the programs, and installs them where that is allowed. Rejects with `MissingBroker`. */
  find(machine: Machine): Promise<Installation>
  /** The files it wants in its folder, by name. They are written before each start. */
  files?(place: Place, installation: Installation): Readonly<Record<string, string>>
  /** What is run once on an empty data folder. */
  format?(place: Place, installation: Installation): readonly Command[]
  launch(place: Place, installation: Installation): Launch
  /** Speaks the protocol; rejects unless the server serves. */
  probe(place: Place): Promise<void>
  url(place: Place): string
}

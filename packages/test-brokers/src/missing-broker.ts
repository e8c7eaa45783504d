import type { BrokerKind } from './test-broker.ts'

/** This machine cannot run a server. The message is one line, and says what is missing. */
export class MissingBroker extends Error {
  override readonly name = 'MissingBroker'
  readonly kind: BrokerKind

  constructor(kind: BrokerKind, reason: string, options?: ErrorOptions) {
    super(`${kind} cannot run here: ${reason}`, options)
    this.kind = kind
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import { type Broker, type DeliveryEntry, type DeliveryPage, deliveryJournal } from '@pluribus/core'
import type { Ledger } from './ledger.ts'
import { table, thousands } from './table.ts'

const LOOK_EVERY_MS = 50
/** The journal is written in batches, a moment later, and nothing waits for it: so long we do. */
const PATIENCE_MS = 5_000
/** Messages that the second table shows. */
const SHOWN = 5

/** How often what befell one message, or a whole subscription. */
interface Tally {
  readonly what: Map<string, number>
  readonly ids: Map<string, Set<string>>
}

/** What the broker's own journal says of everything that did not go well, without asking any handler. */
export class Errors {
  readonly #bySubscription = new Map<string, Tally>()
  readonly #byMessage = new Map<string, string[]>()
  /** Failed runs and deaths in this process. */
  failures = 0
  /** Entries that the journal had no room for. */
  dropped = 0

  read({ process: { pid }, dropped, entries }: DeliveryPage): void {
    this.dropped += dropped
    for (const entry of entries) {
      if (pid === process.pid && (entry.outcome === 'retried' || entry.outcome === 'dead')) this.failures += 1
      this.#add(entry)
    }
  }

  #add(entry: DeliveryEntry): void {
    const { outcome, subscription, id } = entry
    const what = `${outcome} ${whyOf(entry)}`.trimEnd()
    const tally = entryOf(this.#bySubscription, subscription, () => ({ what: new Map(), ids: new Map() }))
    tally.what.set(what, (tally.what.get(what) ?? 0) + 1)
    entryOf(tally.ids, what, () => new Set<string>()).add(id)
    entryOf(this.#byMessage, `${id}\t${subscription}`, () => []).push(what)
  }

  describe(): string[] {
    const kinds = [...this.#bySubscription]
      .sort()
      .flatMap(([subscription, { what, ids }]) =>
        [...what].sort().map(([name, times]) => [subscription, name, times, ids.get(name)?.size ?? 0]),
      )
    if (kinds.length === 0) return ['The journal has no errors.']
    const messages = [...this.#byMessage].sort((a, b) => b[1].length - a[1].length || (a[0] < b[0] ? -1 : 1))
    const rows = messages.slice(0, SHOWN).map(([key, lived]) => [...key.split('\t'), lived.length, inShort(lived)])
    const more = messages.length - rows.length
    return [
      ...table(['subscription', 'in the journal', 'times', 'messages'], kinds),
      '',
      ...table(['message', 'subscription', 'times', 'in the journal'], rows),
      ...(more > 0 ? [`and ${thousands(more)} more messages that failed, once or more`] : []),
      ...(this.dropped > 0 ? [`${thousands(this.dropped)} entries were dropped`] : []),
    ]
  }
}

/** Reads the journal of all runs, once it has told of every failed run and death that the ledger has heard of, or nothing more comes. */
export async function readErrors(broker: Broker, ledger: Ledger): Promise<Errors> {
  const end = performance.now() + PATIENCE_MS
  await broker.declare(deliveryJournal)
  for (;;) {
    const errors = new Errors()
    for await (const { data } of broker.history(deliveryJournal)) errors.read(data)
    if (errors.failures + errors.dropped >= ledger.failures || performance.now() > end) return errors
    await sleep(LOOK_EVERY_MS)
  }
}

/** In a word: the code of an error if it has one, or else what it says. */
const whyOf = ({ reason, error }: DeliveryEntry): string => reason ?? error?.code ?? error?.message ?? ''

/** `4 × retried BUSY, dead EXHAUSTED` */
function inShort(lived: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const what of lived) counts.set(what, (counts.get(what) ?? 0) + 1)
  return [...counts].map(([what, times]) => (times === 1 ? what : `${times} × ${what}`)).join(', ')
}

function entryOf<V>(map: Map<string, V>, key: string, make: () => V): V {
  const found = map.get(key) ?? make()
  map.set(key, found)
  return found
}

import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream'
import { createInbox, type Msg } from '@nats-io/transport-node'
import { headerText, numberOf, statusOf } from './codec.js'
import { deliveryOf } from './delivery-subject.js'
import type { Link } from './link.js'
import { NOBODY } from './names.js'

/** A stored message as it is read in passing. */
export interface Scanned {
  readonly subject: string
  readonly position: number
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly headers: string
  readonly data: Uint8Array
  /** As it was published: neither redriven, nor the copy of a delayed one that was due. */
  readonly isStored: boolean
}

const PAGE = 256
/** How long it may take the server to say what there is, in milliseconds. */
const MOST_PATIENT = 1_000
/** A reader that has gone away is forgotten after this long, in nanoseconds. */
const FORGOTTEN = 30_000_000_000

/** Everything of a stream that matches a subject, from a position up to the end as it is when the reading gets there. */
export async function* scan(
  link: Link,
  stream: string,
  filter: string,
  from: number,
): AsyncGenerator<Scanned, void, undefined> {
  const { manager } = link
  const { name, num_pending } = await manager.consumers.add(stream, {
    filter_subject: filter,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: Math.max(1, from),
    ack_policy: AckPolicy.None,
    inactive_threshold: FORGOTTEN,
  })
  try {
    for (let isMore = num_pending > 0; isMore; ) {
      const page = await read(link, `$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`)
      yield* page.found
      isMore = page.isMore
    }
  } finally {
    if (link.over === undefined) await manager.consumers.delete(stream, name)
  }
}

interface Page {
  readonly found: readonly Scanned[]
  readonly isMore: boolean
}

/** What there is now, up to a page of it. */
function read({ nats, environment }: Link, next: string): Promise<Page> {
  const reply = createInbox()
  const found: Scanned[] = []
  return new Promise((resolve, reject) => {
    const done = (isMore: boolean) => {
      environment.timers.clearTimeout(timer)
      reading.unsubscribe()
      resolve({ found, isMore })
    }
    // A server that is mistaken about what there is does not answer: others have deleted it meanwhile.
    const timer = environment.timers.setTimeout(() => done(found.length > 0), MOST_PATIENT)
    const reading = nats.subscribe(reply, {
      callback: (error, message) => {
        if (error !== null) return reject(error)
        if (statusOf(headerText(message)) > 0) return done(false)
        found.push(scanned(message))
        if (deliveryOf(message.reply ?? '').pending === 0) done(false)
        else if (found.length === PAGE) done(true)
      },
    })
    reading.closed.then(() => reject(new Error('The reading was ended by the end of its connection.')))
    nats.publish(next, JSON.stringify({ batch: PAGE, no_wait: true }), { reply })
  })
}

function scanned(message: Msg): Scanned {
  const { subject, reply = '', data } = message
  const { position, time } = deliveryOf(reply)
  const headers = headerText(message)
  const [, , , kind, forWhom] = subject.split('.')
  const isStored = kind === 'd' || (forWhom === NOBODY && numberOf(headers, 'pluribus-origin') === undefined)
  return { subject, position, time, headers, data, isStored }
}

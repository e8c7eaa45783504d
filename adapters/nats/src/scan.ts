import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream'
import { createInbox, type Msg } from '@nats-io/transport-node'
import { Alarm } from '@pluribus/core/driver'
import { numberOf, statusOf } from './codec.js'
import { deliveryOf } from './delivery-subject.js'
import { tooSlow } from './errors.js'
import type { Link } from './link.js'
import { NOBODY } from './names.js'
import { headerText } from './received.js'

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
/** How long the server may be silent, in milliseconds. */
const MOST_PATIENT = 1_000
/** So many readers in a row may find nothing where there was to be something, before it is asked whether there is anything. */
const MOST_FRUITLESS = 2
/** A reader that has gone away is forgotten after this long, in nanoseconds. */
const FORGOTTEN = 30_000_000_000

/**
 * Everything of a stream that matches a subject, from a position up to the end as it is when the reading gets there.
 *
 * @throws PluribusError `TIMEOUT` where the server has more and does not send it.
 */
export async function* scan(
  link: Link,
  stream: string,
  filter: string,
  from: number,
): AsyncGenerator<Scanned, void, undefined> {
  let next = Math.max(1, from)
  for (let fruitless = 0; fruitless < MOST_FRUITLESS; ) {
    const before = next
    let isComplete = false
    for await (const page of pages(link, stream, filter, next)) {
      yield* page.found
      next = (page.found.at(-1)?.position ?? next - 1) + 1
      isComplete = page.end === 'complete'
    }
    if (isComplete) return
    fruitless = next === before ? fruitless + 1 : 0
  }
  // Silence is no end: a server that is mistaken about what there is is told from one that is slow, or far away.
  if (await isAnythingAt(link, stream, filter, next)) throw tooSlow(stream)
}

/** Whether something matches a subject at a position or behind it. */
async function isAnythingAt({ manager }: Link, stream: string, filter: string, position: number): Promise<boolean> {
  // Of the requests the client knows two, and the server three.
  const next: { readonly seq: number } = Object.assign({ seq: position }, { next_by_subj: filter })
  return (await manager.streams.getMessage(stream, next)) !== null
}

interface Page {
  readonly found: readonly Scanned[]
  /** `silent`: the server has said neither that there is more, nor that this is all. */
  readonly end: 'complete' | 'more' | 'silent'
}

const NOTHING: Page = { found: [], end: 'complete' }

/** As one reader finds them. What was sent to one that has not waited for it is lost to it: another one begins where that was. */
async function* pages(link: Link, stream: string, filter: string, from: number): AsyncGenerator<Page, void, undefined> {
  const { manager } = link
  const { name, num_pending } = await manager.consumers.add(stream, {
    filter_subject: filter,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: from,
    ack_policy: AckPolicy.None,
    inactive_threshold: FORGOTTEN,
  })
  try {
    let page = NOTHING
    do {
      if (num_pending > 0) page = await read(link, `$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`)
      yield page
    } while (page.end === 'more')
  } finally {
    if (link.over === undefined) await manager.consumers.delete(stream, name)
  }
}

/** What there is now, up to a page of it. */
function read({ nats, environment }: Link, next: string): Promise<Page> {
  const reply = createInbox()
  const found: Scanned[] = []
  return new Promise((resolve, reject) => {
    const done = (end: Page['end']) => {
      silence.clear()
      reading.unsubscribe()
      resolve({ found, end })
    }
    // A server that is mistaken about what there is does not answer: others have deleted it meanwhile.
    const silence = new Alarm(environment.timers, () => done('silent'))
    silence.set(MOST_PATIENT)
    const reading = nats.subscribe(reply, {
      callback: (error, message) => {
        if (error !== null) return reject(error)
        if (statusOf(headerText(message)) > 0) return done('complete')
        silence.set(MOST_PATIENT)
        found.push(scanned(message))
        if (deliveryOf(message.reply ?? '').pending === 0) done('complete')
        else if (found.length === PAGE) done('more')
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

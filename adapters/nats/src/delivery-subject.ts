/** What the server says of a delivery in the subject that its acknowledgement goes to. */
export interface DeliverySubject {
  /** How often it has been handed out, this time included. */
  readonly count: number
  /** The message's position in its stream. */
  readonly position: number
  /** When it was stored, in milliseconds since the epoch. */
  readonly time: number
  /** How many more there were for the consumer then. */
  readonly pending: number
}

const DOT = 46
const DIGIT_0 = 48
/** Of a time, these digits are of less than a millisecond: a number holds the others exactly. */
const NANOSECONDS = 6

/**
 * Reads `$JS.ACK.<stream>.<consumer>.<count>.<position>.<delivery>.<time>.<pending>`; newer servers put a domain and an account
 * before the stream, and a token behind it all.
 *
 * @param from Where the count begins: {@link countAt}, which is the same for all deliveries of a consumer.
 */
export function deliveryOf(reply: string, from = countAt(reply)): DeliverySubject {
  let at = from
  const countEnd = reply.indexOf('.', at)
  const count = whole(reply, at, countEnd)
  at = countEnd + 1
  const positionEnd = reply.indexOf('.', at)
  const position = whole(reply, at, positionEnd)
  at = after(reply, positionEnd + 1, 1)
  const timeEnd = reply.indexOf('.', at)
  const time = whole(reply, at, timeEnd - NANOSECONDS)
  const next = reply.indexOf('.', timeEnd + 1)
  return { count, position, time, pending: whole(reply, timeEnd + 1, next < 0 ? reply.length : next) }
}

/** Where the count begins. */
export const countAt = (reply: string): number => after(reply, 0, isLong(reply) ? 6 : 4)

/** Nine names, or more. */
function isLong(reply: string): boolean {
  let dots = 0
  for (let at = 0; at < reply.length; at++) if (reply.charCodeAt(at) === DOT) dots++
  return dots > 8
}

/** Where the name begins that stands so many dots further on. */
function after(reply: string, from: number, dots: number): number {
  let at = from
  for (let left = dots; left > 0; left--) at = reply.indexOf('.', at) + 1
  return at
}

function whole(text: string, from: number, to: number): number {
  let number = 0
  for (let at = from; at < to; at++) number = number * 10 + text.charCodeAt(at) - DIGIT_0
  return number
}

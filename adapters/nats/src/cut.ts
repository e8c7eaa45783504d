const BLANK = 32
const NEWLINE = 10
const RETURN = 13
const DIGIT_0 = 48
const LETTER_H = 72
const LETTER_M = 77
/** No whole number; no headers. */
const NONE = -1
/** Of any number in a first line. */
const MOST_DIGITS = 9
/** No server takes messages of more bytes, and the client no more from a server. */
const MOST = 64 * 1_024 * 1_024

/**
 * A message where it has come, of which nothing is copied before it is asked for. To the client it is what its own parser would have made.
 *
 * ```
 * MSG <subject> <sid> [reply] <size>
 * HMSG <subject> <sid> [reply] <size of headers> <size of both>
 * ```
 */
export class Cut {
  readonly bytes: Buffer
  /** Which of our subscriptions it is for. */
  readonly sid: number
  /** Bytes of headers; -1 where there are none. */
  readonly hdr: number
  /** Bytes of headers and payload; -1 where the line is none that we know. */
  readonly size: number
  readonly subjectAt: number
  readonly subjectEnd: number
  readonly replyAt: number
  /** Where it begins, for what nobody answers. */
  readonly replyEnd: number
  /** Where headers and payload begin. */
  readonly contentAt: number

  constructor(bytes: Buffer, from: number, { end, count, last, second, third, fourth, fifth }: Line) {
    const hasHeaders = bytes[from] === LETTER_H
    const extra = hasHeaders ? 1 : 0
    const hasReply = count === 4 + extra
    // Of the blanks, from the end: the one before the reply or, where there is none, before the first size.
    const sized = hasHeaders ? second : last
    const before = hasHeaders ? third : second
    const earlier = hasHeaders ? fourth : third
    const earliest = hasHeaders ? fifth : fourth
    const sidEnd = hasReply ? before : sized
    const subjectEnd = hasReply ? earlier : before
    const subjectAt = (hasReply ? earliest : earlier) + 1
    const isKnown =
      (hasReply || count === 3 + extra) &&
      bytes[from + extra] === LETTER_M &&
      subjectAt === from + extra + 4 &&
      bytes[end - 1] === RETURN
    const size = whole(bytes, last + 1, end - 1)
    this.bytes = bytes
    this.sid = whole(bytes, subjectEnd + 1, sidEnd)
    this.hdr = hasHeaders ? whole(bytes, sized + 1, last) : NONE
    const isSound = this.sid >= 0 && size <= MOST && (!hasHeaders || (this.hdr >= 0 && this.hdr <= size))
    this.size = isKnown && isSound ? size : NONE
    this.subjectAt = subjectAt
    this.subjectEnd = subjectEnd
    this.replyAt = sidEnd + 1
    this.replyEnd = hasReply ? sized : sidEnd + 1
    this.contentAt = end + 1
  }

  get subject(): Uint8Array {
    return this.bytes.subarray(this.subjectAt, this.subjectEnd)
  }

  get reply(): Uint8Array | undefined {
    return this.replyEnd > this.replyAt ? this.bytes.subarray(this.replyAt, this.replyEnd) : undefined
  }
}

/** Where a first line ends, how many blanks it has, and where the last of them are, latest first. */
interface Line {
  end: number
  count: number
  last: number
  second: number
  third: number
  fourth: number
  fifth: number
}

/** One for all: it is read before the next is looked at. */
const LINE: Line = { end: 0, count: 0, last: 0, second: 0, third: 0, fourth: 0, fifth: 0 }

/** The message that begins there; undefined where not all of its first line has come. */
export function cutAt(bytes: Buffer, from: number): Cut | undefined {
  let [count, last, second, third, fourth, fifth] = [0, 0, 0, 0, 0, 0]
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === BLANK) {
      fifth = fourth
      fourth = third
      third = second
      second = last
      last = at
      count++
    } else if (byte === NEWLINE) {
      LINE.end = at
      LINE.count = count
      LINE.last = last
      LINE.second = second
      LINE.third = third
      LINE.fourth = fourth
      LINE.fifth = fifth
      return new Cut(bytes, from, LINE)
    }
  }
  return undefined
}

function whole(bytes: Buffer, from: number, to: number): number {
  if (to <= from || to - from > MOST_DIGITS) return NONE
  let number = 0
  for (let at = from; at < to; at++) {
    const digit = (bytes[at] as number) - DIGIT_0
    if (digit < 0 || digit > 9) return NONE
    number = number * 10 + digit
  }
  return number
}

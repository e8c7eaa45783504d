import type { HistoryEvent } from '@pluribus/conformance'
import { type HandOver, type Passage, type Passages, passageKey, passagesOf } from './passage.ts'
import type { Struck } from './struck.ts'

/** What the history of one blow shows, in messages and milliseconds. */
export interface Figures {
  /** From the blow until all was there again. */
  readonly down: number
  /** Deliveries that were handed out before the blow and not settled when it had taken effect; of the victim, where one was struck. */
  readonly held: number
  /** Publishes that were told to be stored; that are in doubt; that have failed for sure. */
  readonly stored: number
  readonly inDoubt: number
  readonly failed: number
  readonly handedOut: number
  /** Runs of an attempt that had been run before: what an application sees as duplicates. */
  readonly again: number
  /** From the blow until another process had stored what was published when it led; undefined: nobody was to be elected, or it never did. */
  readonly led: number | undefined
  /** Until every subscription ran a message that was sent after the return; undefined: never. */
  readonly flow: number | undefined
  /** Until the last consumer ran something of every subscription; undefined: it never did. */
  readonly awake: number | undefined
  /** Messages that were stored before the return and not handled; and until the last of them was handed out again or settled. */
  readonly inFlight: number
  readonly back: number
  /** Those of them that nobody has seen again. */
  readonly missing: readonly string[]
  /** How long the campaign's own process did not get to run, at the longest: a busy machine shows in all of these times. */
  readonly pause?: number
}

/** A process that consumes, and since when, in milliseconds of the monotonic clock. */
export interface Consuming {
  readonly process: string
  readonly since: number
}

/** What is counted for one of several blows, in milliseconds of the monotonic clock. */
export interface Span {
  /** The end of the blow before: what was handed out earlier was that one's, and is settled. */
  readonly since: number
  readonly from: number
  readonly until: number
}

const ALWAYS: Span = { since: 0, from: 0, until: Number.POSITIVE_INFINITY }

/** Reads the figures of a blow out of a history that is in one order. */
export function figuresOf(
  history: readonly HistoryEvent[],
  struck: Struck,
  consumers: readonly Consuming[],
  { since, from, until }: Span = ALWAYS,
): Figures {
  const isWithin = (time: number) => time >= from && time < until
  const passages = passagesOf(history)
  const all = [...passages.all.values()]
  const receipts = history.flatMap(event => (event.kind === 'receipt' && isWithin(event.time) ? [event.result] : []))
  const runsAgain = (passage: Passage) => [...passage.runs.values()].flatMap(times => times.slice(1))
  const count = (...results: readonly string[]) => receipts.filter(result => results.includes(result)).length
  return {
    down: Math.round(struck.over - struck.began),
    held: all
      .flatMap(({ handOvers }) => handOvers)
      .filter(handOver => handOver.time >= since && isHeld(handOver, struck)).length,
    stored: count('stored', 'duplicate'),
    inDoubt: count('unknown'),
    failed: count('definite'),
    handedOut: all.flatMap(({ handOvers }) => handOvers).filter(({ time }) => isWithin(time)).length,
    again: all.flatMap(runsAgain).filter(isWithin).length,
    led: struck.electedWithin === undefined ? undefined : ledOf(history, struck),
    flow: flowOf(passages, struck.over),
    awake: awakeOf(history, passages, consumers),
    ...returnOf(passages, struck.over),
  }
}

function isHeld({ process, time, answered, result }: HandOver, { began, struck, victim }: Struck): boolean {
  if (victim !== undefined && process !== victim) return false
  return time < began && (result !== 'done' || answered > struck)
}

function ledOf(history: readonly HistoryEvent[], { began, over }: Struck): number | undefined {
  const sent = new Set<string>()
  for (const event of history) {
    if (event.kind !== 'publish' && event.kind !== 'published') continue
    const name = `${event.process} ${event.batch} ${event.id}`
    if (event.kind === 'publish' && event.time >= over) sent.add(name)
    const isStored = event.kind === 'published' && (event.result === 'stored' || event.result === 'duplicate')
    if (isStored && sent.has(name)) return Math.round(event.time - began)
  }
  return undefined
}

function flowOf({ sent, subscriptions, all }: Passages, over: number): number | undefined {
  const firsts = new Map<string, number>()
  for (const { subscription, id, runs } of all.values()) {
    if ((sent.get(id) ?? 0) < over) continue
    const first = Math.min(...[...runs.values()].flat())
    firsts.set(subscription, Math.min(first, firsts.get(subscription) ?? first))
  }
  return slowest([...subscriptions].map(name => (firsts.get(name) ?? Number.POSITIVE_INFINITY) - over))
}

function awakeOf(
  history: readonly HistoryEvent[],
  { subscriptions }: Passages,
  consumers: readonly Consuming[],
): number | undefined {
  const runs = history.flatMap(event => (event.kind === 'run' ? [event] : []))
  const delays = consumers.flatMap(({ process, since }) =>
    [...subscriptions].map(name => {
      const first = runs.find(run => run.process === process && run.subscription === name && run.time >= since)
      return (first?.time ?? Number.POSITIVE_INFINITY) - since
    }),
  )
  return slowest(delays)
}

/** `undefined` where one of them has never come about. */
function slowest(delays: readonly number[]): number | undefined {
  const most = Math.max(0, ...delays)
  return Number.isFinite(most) ? Math.round(most) : undefined
}

function returnOf(passages: Passages, over: number): Pick<Figures, 'inFlight' | 'back' | 'missing'> {
  const missing: string[] = []
  let inFlight = 0
  let back = 0
  for (const subscription of passages.subscriptions) {
    for (const [id, stored] of passages.stored) {
      const passage = passages.all.get(passageKey(subscription, id))
      if (stored > over || (passage !== undefined && isOver(passage, over))) continue
      const seen = passage === undefined ? undefined : seenAfter(passage, over)
      if (seen === undefined && passage !== undefined && wasHandled(passage, over)) continue
      inFlight++
      const due = Math.max(over, ...(passage?.handOvers ?? []).map(handOver => retryDue(handOver, over)))
      if (seen === undefined) missing.push(passageKey(subscription, id))
      else back = Math.max(back, seen - due)
    }
  }
  return { inFlight, back: Math.round(back), missing }
}

/** Its end had been asked for by then, and it never came again: it was handled, whoever heard of that, and when. */
function isOver({ handOvers }: Passage, over: number): boolean {
  const last = handOvers.at(-1)
  return last !== undefined && isEnd(last.settle, over) && last.result !== 'stale'
}

/** Somebody was told that its end is stored. Whoever slept may still have read an older hand-over after that. */
const wasHandled = ({ handOvers }: Passage, over: number): boolean =>
  handOvers.some(({ settle, result }) => isEnd(settle, over) && result === 'done')

const isEnd = (settle: HandOver['settle'], over: number): boolean =>
  settle !== undefined && settle.time <= over && (settle.as === 'ack' || settle.as === 'reject')

/** Until when it waited for its next attempt at that time. */
const retryDue = ({ settle }: HandOver, over: number): number =>
  settle?.as === 'retry' && settle.time <= over ? settle.time + settle.delay : over

/** The first sign of life after the return. */
function seenAfter({ handOvers }: Passage, over: number): number | undefined {
  const signs = handOvers.flatMap(({ time, settle }) => [time, settle?.time ?? 0])
  const later = signs.filter(time => time > over)
  return later.length === 0 ? undefined : Math.min(...later)
}

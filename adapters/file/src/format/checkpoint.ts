import type { PendingCounts } from '@pluribus/queue'
import { writtenByLaterVersion } from '../errors.js'
import { FolderModel } from '../model/folder-model.js'
import { CHUNK, MessageChunk } from '../model/message-chunk.js'
import type { MessageIndex } from '../model/message-index.js'
import type { Place } from '../model/places.js'
import type { PositionSet } from '../model/position-set.js'
import { SubscriptionModel } from '../model/subscription-model.js'
import { TopicModel } from '../model/topic-model.js'
import { placesOf, readBits, stretchesIn, writeBits } from './bits.js'
import { ByteReader } from './byte-reader.js'
import { ByteWriter } from './byte-writer.js'
import { readColumn, writeColumn } from './column.js'
import { CHECKPOINT_FORMAT } from './record-kind.js'

/*
 * All that a folder holds, as it is after a record: the state of a checkpoint. Fields as in `records.ts`; a distance is a count whose
 * lowest bit is the sign.
 *
 *   format u8 | last number count | clock f64 | lanes count, of each: name text, epoch f64, position f64 | topics count, of each:
 *
 *     number u32 | spec text (JSON) | end count
 *     messages: chunks count, of each:
 *       number count | which there are, bits | sequences column | times stored column | sizes column |
 *       keys count, of each: at count, text | dues count, of each: at count, f64 | priorities count, of each: at count, count
 *     places taken count | places
 *     ids count, of each: text, clock f64
 *     subscriptions count, of each:
 *       number u32 | spec text (JSON) | pending: chunks count, of each: number count, bits
 *       taken count, of each: position f64, instance text | marked positions
 *       troubles count, of each: position f64, failures count, losses count, marks count, due f64, errors text (JSON)
 *       deaths count, of each: position f64, number f64, sequence f64
 *       revived places
 *
 *   places: count, of each: position f64, before f64, order count
 *
 * A chunk is 1,024 positions, from its number times 1,024 on; `at` is a place within it; bits are a bit for each of them (bits.ts), a column is a
 * number for each that is there (column.ts). What there is a million of is written, and read, without a call for each: while it is
 * written, nothing else happens.
 */

const NOWHERE = new Uint16Array(0)

export function encodeCheckpoint(model: FolderModel): Buffer {
  const writer = new ByteWriter().u8(CHECKPOINT_FORMAT).count(model.lastNumber).f64(model.clock)
  writer.count(model.lanes.size)
  for (const [name, { epoch, position }] of model.lanes.entries()) writer.text(name).f64(epoch).f64(position)
  const topics = [...model.topics()]
  writer.count(topics.length)
  for (const topic of topics) writeTopic(writer, topic)
  return writer.written
}

/**
 * @param window Milliseconds for which supplied ids are remembered.
 * @throws PluribusError `UNSUPPORTED` where a later version has written it.
 */
export function decodeCheckpoint(state: Uint8Array, sequence: number, window: number): FolderModel {
  if (state[0] !== CHECKPOINT_FORMAT) throw writtenByLaterVersion(state[0] ?? 0)
  const reader = new ByteReader(state, 1)
  const model = new FolderModel(window)
  model.sequence = sequence
  model.lastNumber = reader.count()
  model.clock = reader.f64()
  for (let left = reader.count(); left > 0; left--) model.lanes.set(reader.text(), reader.f64(), reader.f64())
  for (let left = reader.count(); left > 0; left--) readTopic(reader, model)
  return model
}

function writeTopic(writer: ByteWriter, topic: TopicModel): void {
  const { index, places, ids, subscriptions } = topic
  writer.u32(topic.number).text(JSON.stringify(topic.spec)).count(index.end)
  writeMessages(writer, index)
  writer.count(places.taken)
  writePlaces(writer, [...places.entries()])
  writer.count(ids.size)
  for (const [id, clock] of ids.entries()) writer.text(id).f64(clock)
  writer.count(subscriptions.size)
  for (const subscription of subscriptions.values()) writeSubscription(writer, subscription)
}

function writeMessages(writer: ByteWriter, index: MessageIndex): void {
  const chunks = [...index.chunks()]
  writer.count(chunks.length)
  for (const chunk of chunks) {
    chunk.written ??= writeChunk(chunk)
    writer.bytes(chunk.written)
  }
}

function writeChunk(chunk: MessageChunk): Buffer {
  const writer = new ByteWriter()
  const used = usedIn(chunk)
  const places = placesOf(used)
  writer.count(chunk.number)
  writeBits(writer, used)
  writeColumn(writer, chunk.sequences, places)
  writeColumn(writer, chunk.times, places)
  writeColumn(writer, chunk.sizes, places)
  writeExtras(writer, chunk, places)
  // A copy of its length: what was written into has room for more.
  return Buffer.from(writer.written)
}

function usedIn({ sequences, count }: MessageChunk): Uint32Array {
  const used = new Uint32Array(CHUNK / 32)
  if (count === CHUNK) return used.fill(0xffff_ffff)
  for (let at = 0; at < CHUNK; at++) {
    if (sequences[at] !== 0) used[at >>> 5] = (used[at >>> 5] as number) | (1 << (at & 31))
  }
  return used
}

/** What most messages have nothing of. */
function writeExtras(writer: ByteWriter, { keys, dues, priorities }: MessageChunk, places: Uint16Array): void {
  const keyed = keys === undefined ? NOWHERE : places.filter(at => keys[at] !== undefined)
  writer.count(keyed.length)
  for (const at of keyed) writer.count(at).text(keys?.[at] as string)
  const delayed = dues === undefined ? NOWHERE : places.filter(at => dues[at] !== 0)
  writer.count(delayed.length)
  for (const at of delayed) writer.count(at).f64(dues?.[at] as number)
  const ranked = priorities === undefined ? NOWHERE : places.filter(at => priorities[at] !== 0)
  writer.count(ranked.length)
  for (const at of ranked) writer.count(at).count(priorities?.[at] as number)
}

function writePlaces(writer: ByteWriter, places: readonly (readonly [number, Place])[]): void {
  writer.count(places.length)
  for (const [position, { before, order }] of places) writer.f64(position).f64(before).count(order)
}

function writeSubscription(writer: ByteWriter, subscription: SubscriptionModel): void {
  const { number, spec, pending, taken, marked, troubles, deaths, revived } = subscription
  writer.u32(number).text(JSON.stringify(spec))
  writePending(writer, pending)
  writer.count(taken.size)
  for (const [position, instance] of taken) writer.f64(position).text(instance)
  writer.positions([...marked]).count(troubles.size)
  for (const [position, { failures, losses, marks, due, errors }] of troubles) {
    writer.f64(position).count(failures).count(losses).count(marks).f64(due).text(JSON.stringify(errors))
  }
  writer.count(deaths.size)
  for (const [position, grave] of deaths) writer.f64(position).f64(grave.number).f64(grave.sequence)
  writePlaces(writer, [...revived])
}

function readTopic(reader: ByteReader, model: FolderModel): void {
  const topic = new TopicModel(reader.u32(), JSON.parse(reader.text()), model.window)
  model.addTopic(topic)
  const { index, places } = topic
  const end = reader.count()
  readMessages(reader, topic, model)
  index.skipTo(end)
  places.restore(reader.count(), readPlaces(reader))
  scheduleAll(topic)
  for (let left = reader.count(); left > 0; left--) topic.ids.add(reader.text(), reader.f64())
  for (let left = reader.count(); left > 0; left--) readSubscription(reader, topic, model)
}

function readMessages(reader: ByteReader, topic: TopicModel, { wanted }: FolderModel): void {
  for (let left = reader.count(); left > 0; left--) {
    const chunk = new MessageChunk(reader.count())
    const { sequences, times, sizes } = chunk
    const used = new Uint32Array(CHUNK / 32)
    readBits(reader, used)
    const places = placesOf(used)
    readColumn(reader, sequences, places)
    readColumn(reader, times, places)
    readColumn(reader, sizes, places)
    readExtras(reader, chunk, topic)
    chunk.count = places.length
    chunk.latest = times[places[places.length - 1] as number] as number
    chunk.bytes = wanted.keepAll(sequences, sizes, places)
    for (const stretch of stretchesIn(used, chunk.number * CHUNK)) topic.pending.addAll(stretch, 0)
    topic.index.restore(chunk)
  }
}

function readExtras(reader: ByteReader, chunk: MessageChunk, { keys }: TopicModel): void {
  for (let left = reader.count(); left > 0; left--) {
    const at = reader.count()
    chunk.setKey(at, keys.one(reader.text()))
  }
  for (let left = reader.count(); left > 0; left--) {
    const at = reader.count()
    chunk.setDue(at, reader.f64())
  }
  for (let left = reader.count(); left > 0; left--) {
    const at = reader.count()
    chunk.setPriority(at, reader.count())
  }
}

/** What is not due yet: in order of publishing, because positions rise. */
function scheduleAll({ index, places }: TopicModel): void {
  for (const { number, dues } of index.chunks()) {
    if (dues === undefined) continue
    for (let at = 0; at < CHUNK; at++) {
      const due = dues[at] as number
      const position = number * CHUNK + at
      if (due > 0 && index.has(position) && places.of(position) === undefined) places.schedule(position, due)
    }
  }
}

function writePending(writer: ByteWriter, pending: PositionSet): void {
  const chunks = [...pending.chunks()]
  writer.count(chunks.length)
  for (const { number, bits } of chunks) writeBits(writer.count(number), bits)
}

function readPending(reader: ByteReader, pending: PositionSet, counts: PendingCounts): void {
  const bits = new Uint32Array(CHUNK / 32)
  for (let left = reader.count(); left > 0; left--) {
    const number = reader.count()
    readBits(reader, bits)
    let count = 0
    for (const stretch of stretchesIn(bits, number * CHUNK)) {
      counts.addAll(stretch, 1)
      count += stretch.to - stretch.from
    }
    pending.restore(number, bits, count)
  }
}

function readPlaces(reader: ByteReader): readonly (readonly [number, Place])[] {
  const places: [number, Place][] = []
  for (let left = reader.count(); left > 0; left--) {
    places.push([reader.f64(), { before: reader.f64(), order: reader.count() }])
  }
  return places
}

function readSubscription(reader: ByteReader, topic: TopicModel, model: FolderModel): void {
  const subscription = new SubscriptionModel(reader.u32(), JSON.parse(reader.text()))
  model.addSubscription(topic, subscription)
  readPending(reader, subscription.pending, topic.pending)
  for (let left = reader.count(); left > 0; left--) subscription.taken.set(reader.f64(), reader.text())
  for (const position of reader.positions()) subscription.marked.add(position)
  for (let left = reader.count(); left > 0; left--) {
    const position = reader.f64()
    const [failures, losses, marks, due] = [reader.count(), reader.count(), reader.count(), reader.f64()]
    subscription.troubles.set(position, { failures, losses, marks, due, errors: JSON.parse(reader.text()) })
  }
  for (let left = reader.count(); left > 0; left--) {
    const [position, number, sequence] = [reader.f64(), reader.f64(), reader.f64()]
    subscription.deaths.set(position, { number, sequence })
    model.wanted.keep(sequence, 0)
  }
  for (const [position, place] of readPlaces(reader)) subscription.revived.set(position, place)
}

import { writtenByLaterVersion } from '../errors.js'
import { FolderModel } from '../model/folder-model.js'
import type { MessageIndex } from '../model/message-index.js'
import type { Place } from '../model/places.js'
import { SubscriptionModel } from '../model/subscription-model.js'
import { TopicModel } from '../model/topic-model.js'
import { ByteReader } from './byte-reader.js'
import { ByteWriter } from './byte-writer.js'
import { FORMAT } from './record-kind.js'

/*
 * All that a folder holds, as it is after a record: the state of a checkpoint. Fields as in `records.ts`; a distance is a count whose
 * lowest bit is the sign.
 *
 *   format u8 | last number count | clock f64 | lanes count, of each: name text, epoch f64, position f64 | topics count, of each:
 *
 *     number u32 | spec text (JSON) | end count
 *     messages count, of each: position, sequence and stored, each as its distance from that of the one before | size count |
 *                              flags u8: 1 key, 2 due, 4 priority | key text? | due f64? | priority count?
 *     places taken count | places
 *     ids count, of each: text, clock f64
 *     subscriptions count, of each:
 *       number u32 | spec text (JSON) | pending positions
 *       taken count, of each: position f64, instance text | marked positions
 *       troubles count, of each: position f64, failures count, losses count, marks count, due f64, errors text (JSON)
 *       deaths count, of each: position f64, number f64, sequence f64
 *       revived places
 *
 *   places: count, of each: position f64, before f64, order count
 */
const KEYED = 1
const DUE = 2
const RANKED = 4

export function encodeCheckpoint(model: FolderModel): Buffer {
  const writer = new ByteWriter().u8(FORMAT).count(model.lastNumber).f64(model.clock)
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
  if (state[0] !== FORMAT) throw writtenByLaterVersion(state[0] ?? 0)
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
  writer.count(index.count)
  let [lastPosition, lastSequence, lastTime] = [0, 0, 0]
  for (const position of index.positions()) {
    const [sequence, time] = [index.sequenceOf(position), index.timeOf(position)]
    const [key, due, priority] = [index.keyOf(position), index.dueOf(position), index.priorityOf(position)]
    writer
      .distance(position - lastPosition)
      .distance(sequence - lastSequence)
      .distance(time - lastTime)
    writer.count(index.sizeOf(position))
    writer.u8((key === undefined ? 0 : KEYED) | (due === 0 ? 0 : DUE) | (priority === 0 ? 0 : RANKED))
    if (key !== undefined) writer.text(key)
    if (due !== 0) writer.f64(due)
    if (priority !== 0) writer.count(priority)
    lastPosition = position
    lastSequence = sequence
    lastTime = time
  }
}

function writePlaces(writer: ByteWriter, places: readonly (readonly [number, Place])[]): void {
  writer.count(places.length)
  for (const [position, { before, order }] of places) writer.f64(position).f64(before).count(order)
}

function writeSubscription(writer: ByteWriter, subscription: SubscriptionModel): void {
  const { number, spec, pending, taken, marked, troubles, deaths, revived } = subscription
  writer
    .u32(number)
    .text(JSON.stringify(spec))
    .positions([...pending])
    .count(taken.size)
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
  const { index, places, pending } = topic
  const end = reader.count()
  readMessages(reader, topic, model)
  index.skipTo(end)
  places.restore(reader.count(), readPlaces(reader))
  for (const position of index.positions()) {
    pending.add(position, 0)
    const due = index.dueOf(position)
    if (due > 0 && places.of(position) === undefined) places.schedule(position, due)
  }
  for (let left = reader.count(); left > 0; left--) topic.ids.add(reader.text(), reader.f64())
  for (let left = reader.count(); left > 0; left--) readSubscription(reader, topic, model)
}

function readMessages(reader: ByteReader, { index, keys }: TopicModel, { wanted }: FolderModel): void {
  let [position, sequence, time] = [0, 0, 0]
  for (let left = reader.count(); left > 0; left--) {
    position += reader.distance()
    sequence += reader.distance()
    time += reader.distance()
    const [size, flags] = [reader.count(), reader.u8()]
    const key = (flags & KEYED) === 0 ? undefined : keys.one(reader.text())
    const due = (flags & DUE) === 0 ? 0 : reader.f64()
    const priority = (flags & RANKED) === 0 ? 0 : reader.count()
    index.add(position, { sequence, size, time, key, due, priority })
    wanted.keep(sequence, size)
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
  for (const position of reader.positions()) {
    subscription.pending.add(position)
    topic.pending.add(position, 1)
  }
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

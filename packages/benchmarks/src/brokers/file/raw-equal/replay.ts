import { closeSync, existsSync, openSync } from 'node:fs'
import type { LeaseSlots } from '../../memory/raw-equal/lease-slots.ts'
import { check, countAt, firstAt, KIND, kindAt, lengthAt } from './frame.ts'
import { readAt } from './log-reader.ts'
import type { MessagePlaces } from './message-places.ts'

const CHUNK = 1_024 * 1_024

/** Reads and checks a log from its begin; answers how long it is, without a batch that was cut off. */
export async function replay(path: string, messages: MessagePlaces, leases: LeaseSlots): Promise<number> {
  if (!existsSync(path)) return 0
  const file = openSync(path, 'r')
  try {
    for (let position = 0; ; ) {
      const bytes = Buffer.allocUnsafeSlow(CHUNK)
      const length = await readAt(file, bytes, position)
      const read = apply(bytes.subarray(0, length), position, messages, leases)
      if (read === 0) return position
      position += read
    }
  } finally {
    closeSync(file)
  }
}

function apply(bytes: Buffer, position: number, messages: MessagePlaces, leases: LeaseSlots): number {
  let at = 0
  for (let length = lengthAt(bytes, at); length > 0; length = lengthAt(bytes, at)) {
    check(bytes, at)
    const kind = kindAt(bytes, at)
    if (kind === KIND.MESSAGE) messages.add(position + at)
    else if (kind === KIND.FAILED) leases.failed(firstAt(bytes, at))
    else if (kind === KIND.ACKED) {
      const first = firstAt(bytes, at)
      for (let left = countAt(bytes, at); left > 0; left--) messages.handled(first + left - 1)
    }
    at += length
  }
  return at
}

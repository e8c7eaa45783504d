import { FORMAT } from './record-kind.js'

/*
 * The head of a message, the body of a MESSAGE or a MOVED record. Little-endian.
 *
 *   0        1       2          4        8          16       24      32     40     44           46
 *   +--------+-------+----------+--------+----------+--------+-------+------+------+------------+-----------+
 *   | format | flags | priority | topic  | position | stored | clock | due  | size | key length | id length |
 *   |   u8   |  u8   |   u16    |  u32   |   f64    |  f64   |  f64  | f64  | u32  |    u16     |    u16    |
 *   +--------+-------+----------+--------+----------+--------+-------+------+------+------------+-----------+
 *
 *   topic     its number
 *   position  in the topic: rises, may skip, is never used twice
 *   stored    milliseconds since the epoch; never less than that of the position before
 *   clock     the same moment by the folder's clock, which never goes back
 *   due       by the folder's clock; 0 for at once
 *
 * Whoever publishes writes flags, priority, size and the lengths; whoever leads the folder writes the rest.
 */
const FLAGS = 1
const PRIORITY = 2
const TOPIC = 4
const POSITION = 8
const STORED = 16
const CLOCK = 24
const DUE = 32
const SIZE = 40
const KEY_LENGTH = 44
const ID_LENGTH = 46

/** Bytes of a head. */
export const HEAD = 48

/** `flags`: it has a key; its id is to be recognised; its payload is text; it has a correlation, a causation. */
const KEYED = 1
const SUPPLIED = 2
const TEXT = 4
const CORRELATED = 8
const CAUSED = 16

/** What a publisher knows. */
export interface HeadOfNew {
  readonly flags: number
  readonly priority: number
  readonly size: number
  readonly keyLength: number
  readonly idLength: number
}

/** What the folder decides. */
export interface HeadOfStored {
  readonly topic: number
  readonly position: number
  readonly stored: number
  readonly clock: number
  readonly due: number
}

/** Into bytes that are zero. */
export function fixHead(bytes: Buffer, { flags, priority, size, keyLength, idLength }: HeadOfNew): void {
  bytes[0] = FORMAT
  bytes[FLAGS] = flags
  bytes.writeUInt16LE(priority, PRIORITY)
  bytes.writeUInt32LE(size, SIZE)
  bytes.writeUInt16LE(keyLength, KEY_LENGTH)
  bytes.writeUInt16LE(idLength, ID_LENGTH)
}

export function completeHead(bytes: Buffer, { topic, position, stored, clock, due }: HeadOfStored): void {
  bytes.writeUInt32LE(topic, TOPIC)
  bytes.writeDoubleLE(position, POSITION)
  bytes.writeDoubleLE(stored, STORED)
  bytes.writeDoubleLE(clock, CLOCK)
  bytes.writeDoubleLE(due, DUE)
}

/** Reads single members of a head. */
export const head = {
  KEYED,
  SUPPLIED,
  TEXT,
  CORRELATED,
  CAUSED,
  flags: (bytes: Buffer): number => bytes.readUInt8(FLAGS),
  priority: (bytes: Buffer): number => bytes.readUInt16LE(PRIORITY),
  topic: (bytes: Buffer): number => bytes.readUInt32LE(TOPIC),
  position: (bytes: Buffer): number => bytes.readDoubleLE(POSITION),
  stored: (bytes: Buffer): number => bytes.readDoubleLE(STORED),
  clock: (bytes: Buffer): number => bytes.readDoubleLE(CLOCK),
  due: (bytes: Buffer): number => bytes.readDoubleLE(DUE),
  size: (bytes: Buffer): number => bytes.readUInt32LE(SIZE),
  key: (bytes: Buffer): string | undefined =>
    (bytes.readUInt8(FLAGS) & KEYED) === 0
      ? undefined
      : bytes.toString('utf8', HEAD, HEAD + bytes.readUInt16LE(KEY_LENGTH)),
  id: (bytes: Buffer): string => {
    const from = HEAD + bytes.readUInt16LE(KEY_LENGTH)
    return bytes.toString('utf8', from, from + bytes.readUInt16LE(ID_LENGTH))
  },
  isSupplied: (bytes: Buffer): boolean => (bytes.readUInt8(FLAGS) & SUPPLIED) !== 0,
  /** Where what is behind the id begins. */
  end: (bytes: Buffer): number => HEAD + bytes.readUInt16LE(KEY_LENGTH) + bytes.readUInt16LE(ID_LENGTH),
}

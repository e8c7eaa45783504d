export const SEGMENTS = 'segments'
export const CHECKPOINTS = 'checkpoints'
/** Copies of what was damaged. Nothing here is ever removed by a log. */
export const QUARANTINE = 'quarantine'
export const CLEAN = 'CLEAN'
export const RESERVE = 'RESERVE'
/** What has this ending is not finished, and means nothing. */
export const UNFINISHED = '.tmp'

const SEGMENT = /^([0-9a-f]{8})-([0-9a-f]{16})-([0-9a-f]{8})\.log$/
const CHECKPOINT = /^([0-9a-f]{8})-([0-9a-f]{16})-([0-9a-f]{8})\.checkpoint$/

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0')

/** What the name of a segment says. */
export interface SegmentName {
  readonly id: number
  readonly base: number
  /** Of its writer: no two writers ever make a file of the same name, so that none replaces another's. */
  readonly generation: number
}

/** Path of a segment. Its name alone says where it belongs, so that a damaged header does not hide what is behind it. */
export const segmentPath = ({ id, base, generation }: SegmentName): string =>
  `${SEGMENTS}/${hex(id, 8)}-${hex(base, 16)}-${hex(generation, 8)}.log`

/** What the name of a checkpoint says. */
export interface CheckpointName {
  readonly serial: number
  /** Its state is that after this record. */
  readonly sequence: number
  /** Of its writer. */
  readonly generation: number
}

export const checkpointPath = ({ serial, sequence, generation }: CheckpointName): string =>
  `${CHECKPOINTS}/${hex(serial, 8)}-${hex(sequence, 16)}-${hex(generation, 8)}.checkpoint`

/** What a name in the folder of segments says, or undefined where it is none of ours. */
export function parseSegmentName(name: string): SegmentName | undefined {
  const numbers = numbersIn(SEGMENT, name)
  return numbers && { id: numbers[0], base: numbers[1], generation: numbers[2] }
}

/** What a name in the folder of checkpoints says, or undefined where it is none of ours. */
export function parseCheckpointName(name: string): CheckpointName | undefined {
  const numbers = numbersIn(CHECKPOINT, name)
  return numbers && { serial: numbers[0], sequence: numbers[1], generation: numbers[2] }
}

function numbersIn(pattern: RegExp, name: string): readonly [number, number, number] | undefined {
  const [, first, second, third] = pattern.exec(name) ?? []
  if (first === undefined || second === undefined || third === undefined) return undefined
  return [Number.parseInt(first, 16), Number.parseInt(second, 16), Number.parseInt(third, 16)]
}

export const SEGMENTS = 'segments'
export const CHECKPOINTS = 'checkpoints'
/** Copies of what was damaged. Nothing here is ever removed by a log. */
export const QUARANTINE = 'quarantine'
export const CLEAN = 'CLEAN'
export const RESERVE = 'RESERVE'
/** What has this ending is not finished, and means nothing. */
export const UNFINISHED = '.tmp'

const SEGMENT = /^([0-9a-f]{8})-([0-9a-f]{16})\.log$/
const CHECKPOINT = /^([0-9a-f]{8})-([0-9a-f]{16})\.checkpoint$/

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0')

/** Path of a segment. Its name alone says where it belongs, so that a damaged header does not hide what is behind it. */
export const segmentPath = (id: number, base: number): string => `${SEGMENTS}/${hex(id, 8)}-${hex(base, 16)}.log`

export const checkpointPath = (serial: number, sequence: number): string =>
  `${CHECKPOINTS}/${hex(serial, 8)}-${hex(sequence, 16)}.checkpoint`

/** What a name in the folder of segments says, or undefined where it is none of ours. */
export function parseSegmentName(name: string): { readonly id: number; readonly base: number } | undefined {
  const [, id, base] = SEGMENT.exec(name) ?? []
  return id === undefined || base === undefined
    ? undefined
    : { id: Number.parseInt(id, 16), base: Number.parseInt(base, 16) }
}

/** The serial number in the name of a checkpoint, or undefined where it is none of ours. */
export function parseCheckpointName(name: string): number | undefined {
  const serial = CHECKPOINT.exec(name)?.[1]
  return serial === undefined ? undefined : Number.parseInt(serial, 16)
}

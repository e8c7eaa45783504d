/**
 * What passes a socket: data, without classes, functions or cycles. Arrays and objects are copied; a `Uint8Array` that arrives is a view of
 * the frame that brought it. Objects arrive as ordinary ones, whatever their keys are called.
 *
 * @example
 * ```
 * const message: PlainValue = { id: 'a', payload: new Uint8Array([1, 2]), headers: {}, key: undefined }
 * ```
 */
export type PlainValue =
  | undefined
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly PlainValue[]
  | { readonly [key: string]: PlainValue }

/** Arrays and objects within each other. */
export const MAX_DEPTH = 64

/** Values of one frame, those within others included: some bytes of a frame become many in memory, and this bounds them. */
export const MAX_VALUES = 1 << 20

// Each value begins with one of these. Lengths and counts are 32 bits wide, little-endian.
//
//   INTEGER 32 bits   NUMBER 64 bits   TEXT length, UTF-8   WIDE length, UTF-16 (for texts that UTF-8 would alter)
//   BYTES length, bytes   LIST count, values   RECORD count, then a TEXT or WIDE and a value each
export const UNDEFINED = 0
export const NULL = 1
export const FALSE = 2
export const TRUE = 3
export const INTEGER = 4
export const NUMBER = 5
export const TEXT = 6
export const WIDE = 7
export const BYTES = 8
export const LIST = 9
export const RECORD = 10

import type { Start } from '../driver/spec.js'
import { PluribusError } from '../errors/pluribus-error.js'
import { toInstant } from './duration.js'
import { checkId } from './names.js'
import { checkOptions } from './options.js'

/** Reads where a subscription or a history starts. Throws `INVALID_ARGUMENT`. */
export function checkStart(value: unknown): Start {
  if (value === 'earliest' || value === 'latest') return value
  if (typeof value === 'object' && value !== null) {
    const { time, id } = checkOptions(value, ['time', 'id'], 'from')
    if (time !== undefined && id === undefined) return Object.freeze({ time: toInstant(time as Date, 'from time') })
    if (id !== undefined && time === undefined) return Object.freeze({ id: checkId(id, 'message id') })
  }
  throw new PluribusError('INVALID_ARGUMENT', "from is 'earliest', 'latest', { time } or { id }.")
}

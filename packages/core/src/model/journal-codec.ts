import type { Payload } from '../driver/message.js'
import { PluribusError } from '../errors/pluribus-error.js'
import { VERSION } from '../version.js'
import type { Codec } from './codec.js'
import { json } from './json.js'
import { quote } from './quote.js'

/**
 * The major version of the journal's format, in every page and report: what is added to it leaves it as it is, what is changed
 * or removed raises it.
 *
 * @example
 * ```ts
 * import { type DeliveryPage, JOURNAL_FORMAT } from '@pluribus/core'
 *
 * const isOlder = ({ format }: DeliveryPage) => format < JOURNAL_FORMAT
 * ```
 */
export const JOURNAL_FORMAT = 1

const JSON_CODEC = json<unknown>()

/**
 * JSON that says its format. Decoding throws `DECODING` for what a newer major version has written, and for what does not have
 * the shape that `check` asks for: it answers what is wrong, or nothing.
 */
export const journalCodec = <T>(check: (value: object) => string | undefined): Codec<T> =>
  Object.freeze({
    contentType: JSON_CODEC.contentType,
    encode: (value: T) => JSON_CODEC.encode(value),
    decode: (payload: Payload) => read(JSON_CODEC.decode(payload), check) as T,
  })

function read(value: unknown, check: (value: object) => string | undefined): object {
  if (typeof value !== 'object' || value === null) throw malformed('it is no object')
  const { format } = value as { readonly format?: unknown }
  if (typeof format !== 'number' || !Number.isInteger(format) || format < 1)
    throw malformed(`its format is ${quote(format)}, which is no number from 1`)
  if (format > JOURNAL_FORMAT) throw newer(format)
  const wrong = check(value)
  if (wrong !== undefined) throw malformed(wrong)
  return value
}

function newer(format: number): PluribusError {
  const message = `The journal is written in format ${format}, and this is Pluribus ${VERSION}, which reads up to ${JOURNAL_FORMAT}. Read it with the version that has written it, or a later one.`
  return new PluribusError('DECODING', message, { details: { format, reads: JOURNAL_FORMAT } })
}

const malformed = (why: string): PluribusError =>
  new PluribusError('DECODING', `This is nothing that Pluribus has written to its journal: ${why}.`)

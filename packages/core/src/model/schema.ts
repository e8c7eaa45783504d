import { PluribusError } from '../errors/pluribus-error.js'
import { writePath } from './path.js'
import { quote } from './quote.js'

/**
 * The interface of Standard Schema v1 (https://standardschema.dev), which zod, valibot, arktype and others implement.
 * Declared here, so that core depends on none of them.
 *
 * @example
 * ```ts
 * import type { StandardSchema } from '@pluribus/core'
 *
 * const text: StandardSchema<unknown, string> = {
 *   '~standard': {
 *     version: 1,
 *     vendor: 'example',
 *     validate: value => (typeof value === 'string' ? { value } : { issues: [{ message: 'not a string' }] }),
 *   },
 * }
 * ```
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    /** For the compiler only: absent when running. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

/** What a schema answers. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** One thing that is wrong with the data. */
export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/**
 * What a schema takes: the type to publish.
 *
 * @example
 * ```ts
 * import type { InferInput, StandardSchema } from '@pluribus/core'
 *
 * type Given = InferInput<StandardSchema<string, number>> // string
 * ```
 */
export type InferInput<Schema extends StandardSchema> = NonNullable<Schema['~standard']['types']>['input']

/**
 * What a schema gives: the type that handlers see.
 *
 * @example
 * ```ts
 * import type { InferOutput, StandardSchema } from '@pluribus/core'
 *
 * type Handled = InferOutput<StandardSchema<string, number>> // number
 * ```
 */
export type InferOutput<Schema extends StandardSchema> = NonNullable<Schema['~standard']['types']>['output']

/** Issues that an error's details keep. */
const MAX_ISSUES = 10
const MAX_ISSUE_MESSAGE = 300

const legal = "a schema of zod, valibot, arktype or any other library that implements Standard Schema v1 ('~standard')"

/** Answers the value if it implements Standard Schema v1, or throws `INVALID_ARGUMENT`. `what` names it in messages. */
export function checkSchema(value: unknown, what: string): StandardSchema {
  // arktype's schemas are functions.
  if ((typeof value === 'object' && value !== null) || typeof value === 'function') {
    const standard: unknown = (value as Partial<StandardSchema>)['~standard']
    const { version, validate } = (standard ?? {}) as Partial<StandardSchema['~standard']>
    if (version === 1 && typeof validate === 'function') return value as StandardSchema
  }
  const message = `${what}: ${quote(value)} is not a schema. Pass ${legal}.`
  throw new PluribusError('INVALID_ARGUMENT', message, { details: { argument: what, legal } })
}

function describe(issue: SchemaIssue): { path: string; message: string } {
  const keys = (issue.path ?? []).map(segment => (typeof segment === 'object' ? segment.key : segment))
  const message = String(issue.message)
  return {
    path: writePath('data', keys),
    message: message.length <= MAX_ISSUE_MESSAGE ? message : `${message.slice(0, MAX_ISSUE_MESSAGE)}…`,
  }
}

const broken = (cause: unknown, what: string): PluribusError =>
  new PluribusError('INVALID_DATA', `${what} could not be validated: its schema failed by itself. See the cause.`, {
    cause,
  })

function accept<Output>(result: SchemaResult<Output>, what: string): { readonly value: Output } {
  if (typeof result !== 'object' || result === null) {
    throw broken(new TypeError(`'~standard'.validate returned ${quote(result)}`), what)
  }
  if (result.issues === undefined) return result
  const issues = result.issues.slice(0, MAX_ISSUES).map(describe)
  const [first] = issues
  const more = result.issues.length > 1 ? ` (and ${result.issues.length - 1} more)` : ''
  const reason = first === undefined ? 'no reason given' : `${first.path}: ${first.message}`
  const message = `${what} does not satisfy its schema: ${reason}${more}. Correct the data, or the schema.`
  throw new PluribusError('INVALID_DATA', message, { details: { issues, count: result.issues.length } })
}

const isPromise = <T>(result: T | Promise<T>): result is Promise<T> =>
  typeof result === 'object' && result !== null && typeof (result as Partial<Promise<T>>).then === 'function'

/**
 * Validates a value: answers the schema's result, at once if the schema is synchronous. Throws, or rejects with,
 * `INVALID_DATA`: `details.issues` has path and message of the first 10 issues, `details.count` how many there are. A
 * schema that throws is `INVALID_DATA` too, with its error as the cause. `what` names the data, e.g. `'orders.placed'`.
 */
export function validate<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
  what: string,
): { readonly value: Output } | Promise<{ readonly value: Output }> {
  let result: SchemaResult<Output> | Promise<SchemaResult<Output>>
  try {
    result = schema['~standard'].validate(value)
  } catch (cause) {
    throw broken(cause, what)
  }
  if (!isPromise(result)) return accept(result, what)
  // Any thenable will do: it need not be one of this realm's promises.
  return Promise.resolve(result).then(
    settled => accept(settled, what),
    (cause: unknown) => {
      throw broken(cause, what)
    },
  )
}

import { type StandardSchema, validate } from '../../model/schema.js'
import type { Invoke } from './consumer-parts.js'

/** Validates before the handler runs: what does not satisfy the schema is refused, and so dead-lettered. */
export function validateThen(schema: StandardSchema<unknown, unknown>, what: string, invoke: Invoke): Invoke {
  return (message, run) => {
    const refuse = (error: unknown) => {
      throw message.refused(error)
    }
    const go = (validated: { readonly value: unknown }) => {
      message.validated(validated.value)
      return invoke(message, run)
    }
    const data = message.decode()
    let validated: ReturnType<typeof validate>
    try {
      validated = validate(schema, data, what)
    } catch (error) {
      return refuse(error)
    }
    return validated instanceof Promise ? validated.then(value => go(value), refuse) : go(validated)
  }
}

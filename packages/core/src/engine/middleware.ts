import { PluribusError } from '../errors/pluribus-error.js'
import type { Context, Handler } from '../model/handler.js'
import type { Message } from '../model/message.js'
import type { PublishOptions, Receipt } from '../model/publish-options.js'
import type { Invoke } from './consumer-parts.js'

/**
 * What a publish middleware sees, and may hand on changed.
 *
 * @example
 * ```ts
 * import type { Draft } from '@pluribus/core'
 *
 * const withTenant = (draft: Draft, tenant: string): Draft => ({
 *   ...draft, options: { ...draft.options, headers: { ...draft.options.headers, tenant } },
 * })
 * ```
 */
export interface Draft {
  readonly topic: string
  readonly data: unknown
  readonly options: PublishOptions
}

/**
 * Stands around every publish. Runs before validation and encoding; may change the draft, time it, or refuse by throwing.
 *
 * @example
 * ```ts
 * import type { PublishMiddleware } from '@pluribus/core'
 *
 * const stamped: PublishMiddleware = (draft, next) =>
 *   next({ ...draft, options: { ...draft.options, headers: { ...draft.options.headers, region: 'eu' } } })
 * ```
 */
export type PublishMiddleware = (draft: Draft, next: (draft: Draft) => Promise<Receipt>) => Promise<Receipt>

/**
 * Stands around every handler. What it returns or throws is what the handler is taken to have returned or thrown.
 *
 * @example
 * ```ts
 * import type { HandleMiddleware } from '@pluribus/core'
 *
 * const timed: HandleMiddleware = async (message, context, next) => {
 *   const start = performance.now()
 *   try {
 *     return await next()
 *   } finally {
 *     console.error(`${context.subscription} ${message.id}: ${performance.now() - start} ms`)
 *   }
 * }
 * ```
 */
export type HandleMiddleware = (
  message: Message<unknown>,
  context: Context,
  next: () => ReturnType<Handler<unknown>>,
) => ReturnType<Handler<unknown>>

/** Composes handle middleware around a handler, once; the first in the list is the outermost. */
export function composeHandle(middleware: readonly HandleMiddleware[], handler: Handler<never>): Invoke {
  let invoke: Invoke = (message, run) => handler(message as unknown as Message<never>, run)
  for (const layer of [...middleware].reverse()) {
    const inner = invoke
    invoke = (message, run) => {
      let called = false
      return layer(message, run, () => {
        if (called) throw twice('handle')
        called = true
        return inner(message, run) as ReturnType<Handler<unknown>>
      })
    }
  }
  return invoke
}

/** Composes publish middleware around the broker's own publish, once. */
export function composePublish(
  middleware: readonly PublishMiddleware[],
  publish: (draft: Draft) => Promise<Receipt>,
): (draft: Draft) => Promise<Receipt> {
  let composed = publish
  for (const layer of [...middleware].reverse()) {
    const inner = composed
    composed = async draft => {
      let called = false
      return layer(draft, next => {
        if (called) throw twice('publish')
        called = true
        return inner(next)
      })
    }
  }
  return composed
}

const twice = (kind: string): PluribusError =>
  new PluribusError('INVALID_ARGUMENT', `A ${kind} middleware has called next() twice. Call it once, or not at all.`)

import { PluribusError } from '../errors/pluribus-error.js'
import type { Context, Handler } from '../model/handler.js'
import type { Message } from '../model/message.js'
import type { PublishOptions, Receipt } from '../model/publish-options.js'
import type { Invoke } from './consuming/consumer-parts.js'

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
 * Stands around every publish. Runs before validation and encoding; may change the draft (but for its topic), time it, or
 * refuse by throwing. It works on a copy of the data, so it may wait before `next`; data that the topic's codec
 * cannot encode as it is comes by itself. Each message of a `publishMany` passes alone and keeps its place in the
 * order; what is refused here, or is wrong with its data, is then a failure of that message only.
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

/** Publish middleware composed; what stands at the core is given with each draft. */
export type Composed = (draft: Draft, publish: (draft: Draft) => Promise<Receipt>) => Promise<Receipt>

/** Composes publish middleware, once; the first in the list is the outermost. */
export function composePublish(middleware: readonly PublishMiddleware[]): Composed {
  let composed: Composed = async (draft, publish) => publish(draft)
  for (const layer of [...middleware].reverse()) {
    const inner = composed
    composed = async (draft, publish) => {
      let called = false
      const receipt = await layer(draft, async next => {
        if (called) throw twice('publish')
        called = true
        return inner(checkDraft(next, draft), publish)
      })
      if (typeof receipt?.id === 'string') return receipt
      throw noReceipt(called)
    }
  }
  return composed
}

function checkDraft(next: Draft, { topic }: Draft): Draft {
  if (typeof next !== 'object' || next === null || !('data' in next)) {
    throw new PluribusError(
      'INVALID_ARGUMENT',
      'A publish middleware called next() without a draft. Write next(draft).',
    )
  }
  if (next.topic === topic) return next
  const message =
    'A publish middleware changed the topic of a draft, which cannot be. Publish to the other topic instead.'
  throw new PluribusError('INVALID_ARGUMENT', message)
}

/** Without the receipt, nobody has waited for the message to be stored. */
function noReceipt(called: boolean): PluribusError {
  const message = 'A publish middleware gave no receipt. Return what next(draft) resolves to, or throw to refuse.'
  return new PluribusError('INVALID_ARGUMENT', message, { outcome: called ? 'unknown' : 'definite' })
}

const twice = (kind: string): PluribusError =>
  new PluribusError('INVALID_ARGUMENT', `A ${kind} middleware has called next() twice. Call it once, or not at all.`)

import { defineTarget, type Target } from '@pluribus/conformance'
import type { Adapter, Source } from '@pluribus/core/driver'

/** An adapter like another one, but for what is replaced of its sources. */
export function spoilSources(inner: Adapter, changes: (source: Source) => Partial<Source>): Adapter {
  const connect: Adapter['connect'] = async (environment, events) => {
    const connection = await inner.connect(environment, events)
    const { subscriber } = connection
    const open: typeof subscriber.open = async (...how) => {
      const source = await subscriber.open(...how)
      return like(source, changes(source))
    }
    return like(connection, { subscriber: like(subscriber, { open }) })
  }
  return like(inner, { connect })
}

/** A target whose adapter is broken, in every process that imports its module. */
export const spoiled = (target: Target, module: string, changes: (source: Source) => Partial<Source>): Target =>
  defineTarget({
    ...target,
    adapter: async (settings, time) => spoilSources(await target.adapter(settings, time), changes),
    hooks: { ...target.hooks, module },
  })

/** The same object with some members replaced; methods keep the object that they are of. */
function like<T extends object>(inner: T, changes: Partial<T>): T {
  return new Proxy(inner, {
    get(target, member) {
      if (member in changes) return changes[member as keyof T]
      const value: unknown = Reflect.get(target, member, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

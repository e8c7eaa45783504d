import {
  type Broker,
  isPluribusError,
  type PublishItem,
  type PublishOptions,
  type Receipt,
  type Topic,
} from '@pluribus/core'
import type { PublishResult } from './event.js'
import type { Recording } from './recording.js'

type Publishing = Pick<Broker, 'publish' | 'publishMany'>

/** A broker that writes into a history what the callers of `publish` and `publishMany` are told. */
export function recordBroker(inner: Broker, recording: Recording): Broker {
  const publishing = recordPublishing(inner, recording)
  // Getters stay live, methods keep their broker: only the two calls differ.
  return new Proxy(inner, {
    get(target, member) {
      if (member === 'publish' || member === 'publishMany') return publishing[member]
      const value: unknown = Reflect.get(target, member, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function recordPublishing(inner: Broker, { history, process }: Recording): Publishing {
  const told = (topic: string, id: string | undefined, result: PublishResult, code?: string) =>
    history.add(process, { kind: 'receipt', topic, id, result, ...(code === undefined ? {} : { code }) })
  const toldReceipt = (topic: string, { id, duplicate }: Receipt) => told(topic, id, duplicate ? 'duplicate' : 'stored')
  const toldError = (topic: string, id: string | undefined, error: unknown) => {
    const isOurs = isPluribusError(error)
    told(topic, id, (isOurs && error.outcome) || 'unknown', isOurs ? error.code : undefined)
  }
  return {
    async publish<In, Out>(topic: Topic<In, Out>, data: NoInfer<In>, options?: PublishOptions): Promise<Receipt> {
      try {
        const receipt = await inner.publish(topic, data, options)
        toldReceipt(topic.name, receipt)
        return receipt
      } catch (error) {
        toldError(nameOf(topic), options?.id, error)
        throw error
      }
    },
    async publishMany<In, Out>(topic: Topic<In, Out>, items: Iterable<PublishItem<NoInfer<In>>>) {
      try {
        const report = await inner.publishMany(topic, items)
        for (const receipt of report.receipts) if (receipt !== undefined) toldReceipt(topic.name, receipt)
        return report
      } catch (error) {
        const report = isPluribusError(error) ? error.report : undefined
        for (const receipt of report?.receipts ?? []) if (receipt !== undefined) toldReceipt(topic.name, receipt)
        for (const failure of report?.failures ?? []) toldError(topic.name, failure.id, failure.error)
        throw error
      }
    },
  }
}

/** Cases publish to things that are no topics, too. */
const nameOf = (topic: unknown): string =>
  typeof topic === 'object' && topic !== null && 'name' in topic ? String(topic.name) : String(topic)

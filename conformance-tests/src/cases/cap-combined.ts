import { type Discipline, fifo, lifo, type PublishOptions, priority } from '@pluribus/core'
import type { Capabilities } from '@pluribus/core/driver'
import { defineCases } from '../case/case.js'
import type { CaseContext } from '../case/context.js'
import { check, equal } from '../case/expect.js'

/** What a publish may carry, where it is claimed. */
function featuresOf({ capabilities, timing }: CaseContext, n: number): readonly PublishOptions[] {
  const { priority: ranks, keys, delay } = capabilities
  const features: PublishOptions[] = [{ id: `supplied-${n}` }, { headers: { 'x-n': String(n) } }]
  if (ranks !== 'none') features.push({ priority: 1 })
  if (keys !== 'none') features.push({ key: `key-${n}` })
  if (delay !== 'none') features.push({ delay: timing.delay })
  return features
}

function disciplinesOf({
  lifo: stack,
  priority: ranks,
  fifo: line,
}: Capabilities): readonly (readonly [string, Discipline])[] {
  const found: [string, Discipline][] = []
  if (line === 'exact') found.push(['fifo', fifo()])
  if (stack !== 'none') found.push(['lifo', lifo({ atLeast: 'windowed' })])
  if (ranks !== 'none') found.push(['priority', priority({ levels: 2, atLeast: 'windowed' })])
  return found
}

/** Every two of a list, and each alone. */
const pairs = <T>(items: readonly T[]): readonly (readonly T[])[] =>
  items.flatMap((item, index) => [[item], ...items.slice(index + 1).map(other => [item, other])])

/** Capabilities together, and at their limits. */
export const CAP_COMBINED = defineCases(
  {
    id: 'CAP-10',
    title: 'what is claimed works together',
    promise:
      'Any two things that are claimed can be asked for in one publish, under any discipline, and both are honoured.',
    profile: 'full',
    budget: ({ arrive, delay }) => 3 * arrive + delay,
    async run(it) {
      const { timing } = it
      const topic = it.topic()
      const broker = await it.open()
      const disciplines = disciplinesOf(it.capabilities)
      const seen = await Promise.all(
        disciplines.map(([name, discipline]) => it.collect(broker, topic.subscription(name, { discipline }))),
      )
      const count = pairs(featuresOf(it, 0)).length
      const items = Array.from({ length: count }, (_, n) => {
        const options: PublishOptions = Object.assign({}, ...(pairs(featuresOf(it, n))[n] ?? []))
        return { ...options, data: { n } }
      })
      const from = it.clock.monotonic()
      await broker.publishMany(topic, items)
      await it.until(() => seen.every(({ acked }) => acked.length === count), {
        within: 3 * timing.arrive + timing.delay,
        what: `${count} messages to be acked by ${disciplines.map(([name]) => name).join(', ')}`,
      })
      for (const [index, { runs }] of seen.entries()) {
        const name = disciplines[index]?.[0]
        for (const { message, startedAt } of runs) {
          const { n } = message.data as { n: number }
          const item = items[n]
          const { id = message.id, key, priority: rank = 0, headers = {}, delay = 0 } = item ?? {}
          const found = [message.id, message.key, message.priority, { ...message.headers }]
          equal(found, [id, key, rank, headers], `id, key, priority and headers of message ${n} under ${name}`)
          check(
            startedAt - from >= Number(delay),
            `message ${n} under ${name} came after ${startedAt - from} ms, before its delay of ${delay} ms`,
          )
        }
      }
    },
  },
  {
    id: 'CAP-11',
    title: 'at the limit it works, above it is refused',
    promise:
      'The largest priority, the most levels and the longest ladder that are claimed are taken; one more is refused.',
    profile: 'full',
    needs: 'fifo:exact',
    proves: ['priorityLevels'],
    async run(it) {
      const { priority: ranks, priorityLevels: levels, delay, keys, limits } = it.capabilities
      const broker = await it.open()
      const topic = it.topic()
      if (ranks !== 'none') await levelsHold(it, levels)
      const most = 10 * 365 * 86_400_000
      if (delay === 'none' || keys === 'none') return
      const ladder = (ms: number) => topic.subscription('billing', { retry: { delays: [ms] } })
      await broker.declare(ladder(Math.min(limits.hold, most)))
      if (limits.hold < most) {
        await it.refuses('limits', other => other.subscribe(ladder(limits.hold + 1), () => {}))
      }
    },
  },
)

/** Messages of the least and the largest priority change places, and there is no level above. */
async function levelsHold(it: CaseContext, levels: number): Promise<void> {
  const ranked = it.topic()
  const subscription = ranked.subscription('ranked', { discipline: priority({ levels, atLeast: 'windowed' }) })
  await it.publish(ranked, 3, n => ({ priority: [0, levels - 2, levels - 1][n - 1] }))
  const seen = await it.collect(await it.open(), subscription)
  await it.until(() => seen.acked.length === 3, { what: 'a message of each priority to be acked' })
  equal(
    seen.runs.map(({ message }) => message.priority).sort((a, b) => a - b),
    [0, levels - 2, levels - 1].sort((a, b) => a - b),
    'the priorities that came',
  )
  if (it.capabilities.priority === 'exact') equal(seen.numbers, [3, 2, 1], 'the order of the runs')
  if (levels > 255) return
  await it.refuses('priorityLevels', broker => broker.publish(ranked, { n: 4 }, { priority: levels }))
  const more = ranked.subscription('more', { discipline: priority({ levels: levels + 1, atLeast: 'windowed' }) })
  await it.refuses('priorityLevels', broker => broker.subscribe(more, () => {}))
}

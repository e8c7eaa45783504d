import { fifo, lifo, priority } from '@pluribus/core'
import type { Discipline } from '@pluribus/core/driver'
import { defineCases } from '../case/case.js'
import type { CaseContext } from '../case/context.js'
import { type QueueStep, QueueTrial } from '../models/queue-trial.js'
import { forSequences } from '../models/sequences.js'
import { PBT_MORE } from './pbt-more.js'

const SETTLING: readonly QueueStep[] = ['publish', 'publish', 'pull', 'pull', 'pull', 'ack', 'ack', 'retry', 'release']
const ALL: readonly QueueStep[] = [...SETTLING, 'reject', 'reopen', 'redrive', 'counts']

async function tryAgainstModel(
  it: CaseContext,
  runs: number,
  discipline: Discipline,
  { keys = false, delays = false } = {},
): Promise<void> {
  const broker = await it.open()
  const kinds = delays ? [...ALL, 'elapse' as const, 'elapse' as const] : ALL
  await forSequences(it, { runs, length: 30, kinds }, steps =>
    QueueTrial.perform(it, { discipline, keys, delays }, broker, steps),
  )
}

const SHARED = ['competing:message', 'fencing:exact', 'attempts:stored'] as const

/** Random sequences against models. */
export const PBT = defineCases(
  {
    id: 'PBT-01',
    title: 'a subscription does what a list would',
    promise:
      'Whatever is published, pulled, settled, closed and redriven in whatever order: each pull gives what a plain list would.',
    profile: 'core',
    needs: ['fifo:exact', ...SHARED],
    proves: ['attempts:stored', 'counts:waiting', 'counts:leased', 'counts:dead'],
    run: it => tryAgainstModel(it, it.size(20), fifo()),
  },
  {
    id: 'PBT-02',
    title: 'lifo and priority do what a sorted list would',
    promise: 'Through any sequence of calls, each pull gives the latest, or the most urgent, of what waits.',
    profile: 'full',
    needs: ['lifo:exact', 'priority:exact', ...SHARED],
    async run(it) {
      await tryAgainstModel(it, it.size(10), lifo())
      await tryAgainstModel(it, it.size(10), priority({ levels: Math.min(3, it.capabilities.priorityLevels) }))
    },
  },
  {
    id: 'PBT-11',
    title: 'keys do what a list with locks would',
    promise: 'Through any sequence of calls, in any discipline, a key goes on with its first unfinished message.',
    profile: 'full',
    needs: ['keys:key', 'fifo:exact', 'lifo:exact', 'priority:exact', ...SHARED],
    proves: ['keys:key'],
    async run(it) {
      for (const discipline of [fifo(), lifo(), priority({ levels: Math.min(3, it.capabilities.priorityLevels) })]) {
        await tryAgainstModel(it, it.size(10), discipline, { keys: true })
      }
    },
  },
  {
    id: 'PBT-03',
    title: 'delays do what a list with due times would',
    promise:
      'Through any sequence of calls and pauses, what is delayed takes its place when it is due, and not before.',
    profile: 'full',
    needs: [{ not: 'delay:none' }, 'fifo:exact', ...SHARED],
    proves: ['counts:scheduled', 'counts:retrying'],
    hooks: ['virtual-time'],
    // Every sequence has its own pauses; all of them are virtual.
    budget: ({ delay, redeliver }) => 1_000 * (delay + redeliver),
    async run(it) {
      const keys = it.capabilities.keys === 'key'
      await tryAgainstModel(it, it.size(10), fifo(), { delays: true })
      await tryAgainstModel(it, it.size(10), fifo(), { delays: true, keys })
      if (it.capabilities.lifo === 'exact') await tryAgainstModel(it, it.size(10), lifo(), { delays: true, keys })
    },
  },
  ...PBT_MORE,
)

import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { type Broker, createBroker, type Topic, topic } from '@pluribus/core'
import type { TopicSpec } from '@pluribus/core/driver'
import { recordingLogger } from '@pluribus/core/testing'
import { Collector } from '../case/collector.js'
import type { Sample } from '../case/sample.js'
import { loadTarget } from '../cli/load-target.js'
import { RealTime } from '../engine/real-time.js'
import { History } from '../history/history.js'
import { recordAdapter } from '../history/record-adapter.js'
import { recordBroker } from '../history/record-broker.js'
import type { Recording } from '../history/recording.js'
import { Load } from './load.js'
import { type ActorBehaviour, type ActorOrder, type ActorReport, type ActorStart, REPORTS } from './order.js'
import { work } from './work.js'

type Order<K extends ActorOrder['do']> = Extract<ActorOrder, { do: K }>

/** The inside of an actor: takes orders on stdin, one line of JSON each, and reports. */
export class ActorProcess {
  readonly #start: ActorStart
  readonly #time = new RealTime()
  readonly #recording: Recording
  readonly #broker: Broker
  readonly #lines = createInterface({ input: process.stdin })
  readonly #loads: Load[] = []
  #reported = 0
  #isClosing = false

  private constructor(start: ActorStart, recording: Recording, broker: Broker) {
    this.#start = start
    this.#recording = recording
    this.#broker = recordBroker(broker, recording)
    recording.history.onEvent(() => this.#tell())
    process.once('SIGTERM', () => void this.#close(undefined))
    broker.on('delivery.acked', ({ id }) => report({ is: 'acked', id }))
    this.#tell()
  }

  static async begin(start: ActorStart): Promise<ActorProcess> {
    const time = new RealTime()
    const recording: Recording = { history: new History(time.clock), process: start.process, sources: new Set() }
    const target = await loadTarget(start.module)
    const adapter = recordAdapter(await target.adapter(start.settings, time), recording.history, start.process)
    const environment = time.environment(start.instance, recordingLogger())
    return new ActorProcess(
      start,
      recording,
      await createBroker({ adapter, environment, lease: start.lease, journal: 'off' }),
    )
  }

  /** Obeys until it has been told to close, or until stdin ends: nobody is there any more who could tell it anything. */
  async obey(): Promise<void> {
    let orders = 0
    for await (const line of this.#lines) {
      const order = ++orders
      this.#do(JSON.parse(line) as ActorOrder).then(
        () => report({ is: 'done', order }),
        error => report({ is: 'failed', order, message: String(error) }),
      )
    }
    if (!this.#isClosing) process.exit()
  }

  /** Tells of what has happened since the last time. */
  #tell(): void {
    const { events } = this.#recording.history
    for (; this.#reported < events.length; this.#reported++) {
      const event = events[this.#reported]
      if (event !== undefined) report({ is: 'event', event })
    }
  }

  async #do(order: ActorOrder): Promise<void> {
    if (order.do === 'exit') process.exit(order.code)
    if (order.do === 'publish') return this.#publish(order)
    if (order.do === 'subscribe') return this.#subscribe(order)
    if (order.do === 'load') return void this.#loads.push(new Load(this.#broker, topicOf(order.topic), order.load))
    if (order.do === 'rest') return void (await Promise.all(this.#loads.splice(0).map(load => load.rest())))
    await this.#close(order.drain)
  }

  async #close(drain: number | undefined): Promise<void> {
    this.#isClosing = true
    await this.#broker.close(drain === undefined ? {} : { drain })
    // Nothing is left that could keep the process: it has to end by itself.
    this.#lines.close()
    process.stdin.destroy()
  }

  async #publish({ topic: spec, first, count, ids }: Order<'publish'>): Promise<void> {
    const to = topicOf(spec)
    for (let n = first; n < first + count; n++) {
      const { id } = await this.#broker.publish(to, { n }, ids === undefined ? {} : { id: `${ids}-${n}` })
      report({ is: 'receipt', id, n })
    }
  }

  async #subscribe(order: Order<'subscribe'>): Promise<void> {
    const { discipline, retry, timeout, grace, from, name } = order.subscription
    const subscription = topicOf(order.topic).subscription(name, { discipline, retry, timeout, grace, from })
    const monotonic = () => this.#time.clock.monotonic()
    const collector = new Collector(this.#broker, subscription, this.#recording, monotonic)
    const { behaviour, concurrency, prefetch } = order
    const handler = collector.handler<Sample>(({ id, data }, { attempt, losses }) => {
      report({ is: 'began', id, n: data.n, attempt, losses })
      return behaviour.does === 'work' ? work(behaviour, data.n, attempt) : this.#behave(behaviour, data.n)
    })
    collector.handle = await this.#broker.subscribe(subscription, handler, {
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(prefetch === undefined ? {} : { prefetch }),
    })
  }

  #behave({ does, on }: ActorBehaviour, n: number): Promise<undefined> | undefined {
    if (does === 'ack' || (on !== undefined && on !== n)) return undefined
    if (does === 'throw') throw new Error('as it was told')
    if (does === 'hold') return new Promise(() => {})
    if (does === 'die') process.kill(process.pid, 'SIGKILL')
    // Blocks as a computation would: no timer, no I/O.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3 * this.#start.lease)
    return undefined
  }
}

const report = (what: ActorReport): void => void writeSync(REPORTS, `${JSON.stringify(what)}\n`)

const topicOf = ({ name, partitions, retention }: TopicSpec): Topic<Sample> =>
  topic<Sample>(name, { partitions, retention })

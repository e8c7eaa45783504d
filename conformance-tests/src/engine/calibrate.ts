import { topic } from '@pluribus/core'
import type { Sample } from '../case/sample.js'
import type { World } from '../case/world.js'
import { TargetError } from '../target/target-error.js'
import type { Timing } from '../target/timing.js'
import { within } from './time.js'

/** Messages that are timed. */
const SAMPLES = 10

/**
 * Measures how long a message takes, and fails where `timing` is not to be held: at once and with advice, instead of at
 * random and later.
 */
export async function calibrate(world: World, timing: Timing, name: string): Promise<void> {
  const broker = await world.open()
  const trial = topic<Sample>(name)
  let arrived: () => void = () => {}
  const { clock } = world.time
  await broker.subscribe(trial.subscription('trial', { retry: { delays: [] } }), () => arrived())
  const times: number[] = []
  for (let n = 0; n < SAMPLES; n++) {
    const arrival = new Promise<void>(resolve => {
      arrived = resolve
    })
    const start = clock.monotonic()
    await broker.publish(trial, { n })
    // Longer than it may take, to be able to say how long it did.
    if (!(await within(world.time, arrival, 4 * timing.arrive))) throw tooSlow(timing, 4 * timing.arrive)
    times.push(clock.monotonic() - start)
  }
  const worst = Math.max(...times)
  if (worst > timing.arrive / 2) throw tooSlow(timing, worst)
}

function tooSlow({ arrive }: Timing, worst: number): TypeError {
  const took = `timing.arrive is ${arrive} ms, and of ${SAMPLES} messages on an idle broker one took ${Math.ceil(worst)} ms`
  return new TargetError(`${took}. Give at least ${Math.ceil(2 * worst)} ms, or find out what is slow.`)
}

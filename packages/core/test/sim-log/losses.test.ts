import type { Message } from '@pluribus/core'
import { describe, expect, test } from 'vitest'
import { orders, type Process, range, sorted, World } from './kit.js'

const KILLERS = ['37', '80']
const billing = orders.subscription('billing')
const never = new Promise<undefined>(() => {})

async function takeOver(world: World, killed: string[]): Promise<Process> {
  const process = await world.start()
  const handler = world.recorder.handler(
    (message: Message<number>) => {
      if (!KILLERS.includes(message.id)) return undefined
      killed.push(message.id)
      process.adapter.kill()
      world.recorder.died(process.name)
      return never
    },
    { process: process.name },
  )
  await world.run(process.broker.subscribe(billing, handler as never, { concurrency: 4 }))
  return process
}

describe('sim-log: losses, suspects and marks', () => {
  for (const key of [undefined, (n: number) => `k${n % 7}`]) {
    test(`of 100 messages ${key ? 'with' : 'without'} keys exactly the two that end their process die`, async () => {
      const world = new World()
      const killed: string[] = []
      const publisher = await world.start({ name: 'publisher' })
      await world.run(publisher.broker.declare(billing))
      await world.publish(publisher, 100, key ? { key } : {})
      let last = await takeOver(world, killed)
      for (let takeovers = 0; last.adapter.killed || takeovers === 0; takeovers++) {
        if (takeovers > 20) throw new Error(`The killers go on killing: ${killed}`)
        await world.clock.advance(60_000)
        if (last.adapter.killed) last = await takeOver(world, killed)
        await world.clock.advance(60_000)
      }
      const letters = await world.dead(publisher, billing)
      expect(sorted(letters.map(letter => letter.message.id))).toEqual(KILLERS)
      for (const letter of letters) expect(letter).toMatchObject({ reason: 'CRASHED', attempts: 0 })
      // Two losses make a suspect, three marked ones kill it.
      expect(sorted([...killed])).toEqual(
        ['37', '37', '37', '37', '37', '80', '80', '80', '80', '80'].slice(0, killed.length),
      )
      const others = world.recorder.runs.filter(run => run.outcome === 'returned').map(run => run.id)
      expect(sorted([...new Set(others)])).toEqual(range(100).filter(id => !KILLERS.includes(id)))
      await world.end()
    })
  }

  test('without room for a mark nothing dies of losses', async () => {
    const world = new World({ noteBytes: 0 })
    const killed: string[] = []
    const publisher = await world.start({ name: 'publisher' })
    await world.run(publisher.broker.declare(billing))
    await world.publish(publisher, 40)
    for (let takeovers = 0; takeovers < 8; takeovers++) {
      await takeOver(world, killed)
      await world.clock.advance(60_000)
    }
    expect(killed.length).toBe(8)
    expect(await world.dead(publisher, billing)).toEqual([])
    expect(publisher.adapter.capabilities).toMatchObject({ losses: 'none', settle: 'sent' })
    await world.end()
  })

  test('a partition that is handed over cleanly, or comes back to the same process, counts no loss', async () => {
    const world = new World()
    const one = await world.start()
    const seen: number[] = []
    await world.run(
      one.broker.subscribe(
        billing,
        world.recorder.handler(() => world.clock.sleep(2_000)),
      ),
    )
    await world.publish(one, 3)
    await world.clock.advance(500)
    one.adapter.cut()
    await world.clock.advance(3_000)
    world.server.disturb()
    await world.clock.advance(3_000)
    const two = await world.start()
    await world.run(
      two.broker.subscribe(billing, (_, context) => {
        seen.push(context.losses)
      }),
    )
    for (let turn = 0; turn < 4; turn++) {
      world.server.disturb()
      await world.clock.advance(1_500)
    }
    await world.clock.advance(20_000)
    expect(one.happened.concat(two.happened).filter(({ name }) => name === 'delivery.suspect')).toEqual([])
    expect(seen.every(losses => losses === 0)).toBe(true)
    await world.end()
  })
})

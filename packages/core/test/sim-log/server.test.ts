import type { Clock, Timers } from '@pluribus/core/driver'
import { SimLogServer, VirtualClock } from '@pluribus/core/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SimLink } from '../../src/testing/sim-log-server/sim-link.js'
import type { SimMemberEvents } from '../../src/testing/sim-log-server/sim-member.js'

const record = (text: string) => ({ body: text, headers: {} })

/** A member that lets go of what it is asked for, after a while, and beats its heart. */
class Follower implements SimMemberEvents {
  readonly owned = new Set<number>()
  readonly read = new Map<number, string[]>()
  readonly name: string
  evictions: unknown[] = []
  isDeaf = false
  readonly #server: SimLogServer
  readonly #link: SimLink
  readonly #clock: Clock & { readonly timers: Timers }

  constructor(server: SimLogServer, link: SimLink, clock: Clock & { readonly timers: Timers }, name: string) {
    this.#server = server
    this.#link = link
    this.#clock = clock
    this.name = name
    void link.call('join', () => server.group('g', ['t']).join(link, name, undefined, this))
  }

  beat(): void {
    if (this.isDeaf || this.evictions.length > 0) return
    this.#link.tell(() =>
      this.#server.groups
        .get('g')
        ?.members.find(({ name }) => name === this.name)
        ?.heard(),
    )
  }

  revoke(indexes: readonly number[]): void {
    if (this.isDeaf) return
    this.#clock.timers.setTimeout(() => {
      for (const index of indexes) this.owned.delete(index)
      this.#link.tell(() => {
        if (this.evictions.length === 0) this.#server.group('g', ['t']).release(this.name, indexes)
      })
    }, 5)
  }

  assign(assignments: readonly { readonly index: number }[]): void {
    for (const { index } of assignments) {
      this.owned.add(index)
      this.#link.tell(() => this.#server.groups.get('g')?.read(this.name, 't', index, 0))
    }
  }

  batch({ index, records }: { readonly index: number; readonly records: readonly { readonly body: unknown }[] }): void {
    this.read.set(index, [...(this.read.get(index) ?? []), ...records.map(({ body }) => String(body))])
  }

  evicted(cause: unknown): void {
    this.evictions.push(cause)
    this.owned.clear()
  }
}

describe('simulated log broker', () => {
  test('no partition is ever in two hands, and all are in one, however members come, go, and die', async () => {
    const command = fc.tuple(fc.constantFrom('join', 'leave', 'die', 'disturb', 'wait'), fc.nat({ max: 9 }))
    const setup = fc.record({
      seed: fc.nat(),
      rebalancing: fc.constantFrom<'eager' | 'cooperative'>('eager', 'cooperative'),
      commands: fc.array(command, { maxLength: 25 }),
    })
    const property = fc.asyncProperty(setup, async ({ seed, rebalancing, commands }) => {
      const clock = new VirtualClock({ seed })
      const server = new SimLogServer({ clock, seed, rebalancing, sessionTimeout: 1_000 })
      server.create([{ name: 't', partitions: 5 }])
      const link = await clock.run(server.connect({ clock, timers: clock.timers }, () => {}))
      const followers: Follower[] = []
      const alive = () => followers.filter(each => !each.isDeaf && each.evictions.length === 0)
      const check = () => {
        const owners = server.groups.get('g')?.members.flatMap(member => [...member.owned]) ?? []
        expect(new Set(owners).size).toBe(owners.length)
        const known = alive().flatMap(each => [...each.owned])
        expect(new Set(known).size).toBe(known.length)
      }
      const pass = async (ms: number) => {
        for (let passed = 0; passed < ms; passed += 200) {
          for (const each of followers) each.beat()
          await clock.advance(200)
          check()
        }
      }
      for (const [kind, n] of commands) {
        const one = alive()[n % Math.max(1, alive().length)]
        if (kind === 'join') followers.push(new Follower(server, link, clock, `m${followers.length}`))
        else if (kind === 'disturb') server.disturb()
        else if (kind === 'wait') await pass(n * 200)
        else if (one !== undefined && kind === 'die') one.isDeaf = true
        else if (one !== undefined) {
          one.evictions.push('left')
          one.owned.clear()
          link.tell(() => server.groups.get('g')?.leave(one.name))
        }
        check()
      }
      await pass(4_000)
      if (alive().length > 0) {
        const owned = alive().flatMap(each => [...each.owned])
        expect(owned.sort()).toEqual([0, 1, 2, 3, 4])
      }
    })
    await fc.assert(property, { numRuns: 150 })
  })

  test('a link keeps the order of what it carries, in both directions', async () => {
    const clock = new VirtualClock()
    const server = new SimLogServer({ clock, latency: { min: 0, max: 50 } })
    const link = await clock.run(server.connect({ clock, timers: clock.timers }, () => {}))
    const there: number[] = []
    const back: number[] = []
    for (let n = 0; n < 100; n++) void link.call('count', () => void there.push(n)).then(() => back.push(n))
    await clock.advance(1_000)
    expect(there).toEqual(Array.from({ length: 100 }, (_, n) => n))
    expect(back).toEqual(there)
  })

  test('a lost reply is executed, a lost request is not; a crash leaves calls in doubt and what is stored in place', async () => {
    const clock = new VirtualClock()
    const server = new SimLogServer({ clock, markers: 1 })
    const lost: unknown[] = []
    const link = await clock.run(server.connect({ clock, timers: clock.timers }, cause => lost.push(cause)))
    server.create([{ name: 't', partitions: 1 }])
    server.loseReplies('append')
    const first = link.call('append', () => server.append('t', 0, [record('a'), record('b')]))
    await expect(clock.run(first)).rejects.toMatchObject({ kind: 'TIMEOUT' })
    const second = link.call('append', () => server.append('t', 0, [record('c')]))
    server.crash()
    await expect(clock.run(second)).rejects.toMatchObject({ kind: 'LOST' })
    await clock.advance(100)
    expect(lost).toHaveLength(1)
    await expect(clock.run(server.connect({ clock, timers: clock.timers }, () => {}))).rejects.toMatchObject({
      kind: 'REFUSED',
    })
    server.restart()
    const again = await clock.run(server.connect({ clock, timers: clock.timers }, () => {}))
    const { records, next } = await clock.run(again.call('read', () => server.read('t', 0, 0, 10)))
    // A marker follows every append: positions have gaps, and reading goes on beyond them.
    expect(records.map(({ body, position }) => [body, position])).toEqual([
      ['a', 0],
      ['b', 1],
    ])
    expect(next).toBe(3)
  })

  test('a server that stands still answers nobody, and everybody when it goes on; a wiped one has nothing', async () => {
    const clock = new VirtualClock()
    const server = new SimLogServer({ clock })
    server.create([{ name: 't', partitions: 1 }])
    const link = await clock.run(server.connect({ clock, timers: clock.timers }, () => {}))
    server.freeze()
    let position: number | undefined
    void link
      .call('append', () => server.append('t', 0, [record('a')]))
      .then(answer => {
        position = answer
      })
    await clock.advance(60_000)
    expect([position, server.ends('t')]).toEqual([undefined, [{ begin: 0, end: 0 }]])
    server.resume()
    await clock.advance(100)
    expect([position, server.ends('t')]).toEqual([0, [{ begin: 0, end: 1 }]])
    expect(() => server.wipe()).toThrow('crash() first')
    server.crash()
    server.wipe()
    expect(server.channels.size).toBe(0)
  })

  test('only the owner commits, and no more than there is room for', async () => {
    const clock = new VirtualClock()
    const server = new SimLogServer({ clock, noteBytes: 10 })
    server.create([{ name: 't', partitions: 1 }])
    const link = await clock.run(server.connect({ clock, timers: clock.timers }, () => {}))
    const one = new Follower(server, link, clock, 'one')
    await clock.advance(100)
    const commit = (name: string, note: string) =>
      clock.run(
        link.call('commit', () =>
          server.group('g', ['t']).commit(name, [{ channel: 't', index: 0, position: 3, note }]),
        ),
      )
    await commit(one.name, 'short')
    await expect(commit(one.name, 'much too long')).rejects.toMatchObject({ kind: 'NOTE_TOO_LONG' })
    await expect(commit('two', '')).rejects.toMatchObject({ kind: 'FENCED' })
    expect(server.groups.get('g')?.commits).toEqual([{ channel: 't', index: 0, position: 3, note: 'short' }])
  })
})

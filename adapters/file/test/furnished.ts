import { expect } from 'vitest'
import type { FolderLink } from '../src/folder.js'
import { type Bench, failure, idsOf, LEASE, message, ready, spec, TOPIC } from './kit.js'

/** How long what waits for its time has to wait. */
export const DELAY = 10_000
/** How long supplied ids are remembered: as `bench` opens a folder. */
export const WINDOW = 60_000
const EXPRESS = { topic: TOPIC, name: 'express' }

/** Everything that was published, in its order. What is delayed has its place by when it was published. */
export const PUBLISHED = ['dead', 'held', 'behind', 'late', 'once', 'slow', 'fast', 'out']
/** What fifo comes to, at once, and when what waits is due: a key is held by what failed, and a delayed one stands where it was due. */
const NOW = ['slow', 'fast', 'out']
const THEN = ['held', 'behind', 'slow', 'fast', 'out', 'late']

/**
 * A folder with a message of each kind that waits for something, and one that is handed out, in `billing`; and with two that are ordered by
 * priority, in `express`.
 */
export async function furnished(options: Parameters<typeof ready>[0] = {}): Promise<Bench & { source: number }> {
  const setup = await ready(options)
  const { link, source } = setup
  const discipline = { kind: 'priority', levels: 3, atLeast: 'exact' } as const
  await link.declare([], [spec({ name: EXPRESS.name, discipline })])
  await link.publish([message('dead'), message('held', { key: 'k' }), message('behind', { key: 'k' })])
  await link.publish([message('late', { delay: DELAY }), message('once', { idSupplied: true })])
  await link.publish([message('slow', { priority: 0 }), message('fast', { priority: 2 })])
  const { deliveries } = await link.pull(source, 3)
  expect(idsOf(deliveries)).toEqual(['dead', 'held', 'once'])
  const [dead, held, once] = deliveries.map(({ token }) => token) as [number, number, number]
  await link.settle(source, {
    acks: [once],
    others: [
      { kind: 'reject', token: dead, reason: 'NO', attempts: 1, errors: [failure(1)] },
      { kind: 'retry', token: held, delay: DELAY, error: failure(1) },
    ],
  })
  await link.publish([message('out')])
  return setup
}

async function history(link: FolderLink): Promise<string[]> {
  const pages = await link.history(TOPIC, 'earliest')
  const ids = idsOf(pages.map(({ bytes }) => ({ bytes, token: 0, failures: 0, losses: 0, marks: 0 })))
  return ids.filter(id => PUBLISHED.includes(id))
}

const openOn = async (link: FolderLink, name: string): Promise<number> =>
  (await link.open({ topic: TOPIC, name }, { lease: LEASE, consumer: undefined })).source

/** Pulls one by one, and acks: what is pulled together waits for nobody's key. */
async function drainOf(link: FolderLink, source: number): Promise<string[]> {
  const drained: string[] = []
  for (;;) {
    const { deliveries } = await link.pull(source, 1)
    if (deliveries.length === 0) return drained.filter(id => PUBLISHED.includes(id))
    drained.push(...idsOf(deliveries))
    await link.settle(source, { acks: deliveries.map(({ token }) => token), others: [] })
  }
}

/** What of a furnished folder has to be as it was, by the rows of the README's table. */
export const KEPT: Readonly<Record<string, (folder: Pick<Bench, 'link' | 'clock'>) => Promise<void>>> = {
  'a publish that has resolved': async ({ link }) => {
    expect(await history(link)).toEqual(PUBLISHED)
  },
  'an ack, a retry, a death, that has resolved': async ({ link, clock }) => {
    expect(await link.counts({ topic: TOPIC, name: 'billing' })).toMatchObject({ retrying: 1, scheduled: 1, dead: 1 })
    clock.pass(DELAY)
    const drained = await drainOf(link, await openOn(link, 'billing'))
    for (const settled of ['dead', 'once']) expect(drained).not.toContain(settled)
  },
  'retries and delays, with their times': async ({ link, clock }) => {
    clock.pass(DELAY - 1)
    const source = await openOn(link, 'billing')
    expect(await drainOf(link, source)).toEqual(NOW)
    clock.pass(1)
    expect(await drainOf(link, source)).toEqual(['held', 'behind', 'late'])
  },
  'order, priorities, keys': async ({ link, clock }) => {
    const express = await drainOf(link, await openOn(link, EXPRESS.name))
    expect(express).toEqual(['fast', 'dead', 'held', 'behind', 'once', 'slow', 'out'])
    clock.pass(DELAY)
    expect(await drainOf(link, await openOn(link, 'billing'))).toEqual(THEN)
  },
  'attempts, errors, dead letters': async ({ link, clock }) => {
    expect(await link.deadLetters({ subscription: { topic: TOPIC, name: 'billing' } }, 0)).toHaveLength(1)
    clock.pass(DELAY)
    const { deliveries } = await link.pull(await openOn(link, 'billing'), 1)
    expect(idsOf(deliveries)).toEqual(['held'])
    expect(deliveries).toMatchObject([{ failures: 1, losses: 0 }])
  },
  'ids within their window': async ({ link, clock }) => {
    const again = () => link.publish([message('once', { idSupplied: true })])
    expect(await again()).toEqual([{ index: 0, kind: 'duplicate' }])
    clock.pass(WINDOW)
    expect((await again()).filter(({ kind }) => kind === 'duplicate')).toEqual([])
  },
}

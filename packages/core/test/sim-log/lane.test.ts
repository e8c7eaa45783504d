import { expect, test } from 'vitest'
import { Lane } from '../../src/testing/sim-log/lane.js'

test('what may be in hand is counted from the floor that is stored: an heir knows how far we may have got', () => {
  const options = { channel: 'c', index: 0, instance: 'one', span: 4, noteBytes: 4_096 }
  const lane = new Lane(options, { position: 0, note: '' })
  const records = Array.from({ length: 10 }, (_, position) => ({ position, time: 0, body: '', headers: {} }))
  lane.arrive({ channel: 'c', index: 0, records, next: 10, time: 7 })
  const admitted = () => {
    const positions: number[] = []
    for (let next = lane.admit(); next !== undefined; next = lane.admit()) positions.push(next.record.position)
    return positions
  }
  expect(admitted()).toEqual([0, 1, 2, 3])
  expect(lane.flow(false)).toBe('pause')
  lane.done(0)
  lane.done(1)
  expect(admitted()).toEqual([])
  const { commit, stored } = lane.commit()
  expect(commit.position).toBe(2)
  lane.done(2)
  stored()
  // Two are stored as done, the third is not yet.
  expect(admitted()).toEqual([4, 5])
  const heir = new Lane({ ...options, instance: 'two' }, commit)
  heir.arrive({ channel: 'c', index: 0, records: records.slice(2), next: 10, time: 7 })
  const losses = []
  for (let next = heir.admit(); next !== undefined; next = heir.admit()) {
    losses.push(heir.ledger.lossesOf(next.record.position, next.ordinal).losses)
    heir.done(next.record.position)
    heir.commit().stored()
  }
  expect(losses).toEqual([1, 1, 1, 1, 0, 0, 0, 0])
})

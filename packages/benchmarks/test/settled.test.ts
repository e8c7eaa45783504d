import { describe, expect, test } from 'vitest'
import { settled, stored } from '../src/scenarios/settled.ts'
import type { Queue } from '../src/subject.ts'

const queueWith = (left: readonly number[]): Queue => {
  const answers = [...left]
  const answer = async () => (answers.length > 1 ? (answers.shift() as number) : (answers[0] as number))
  return { publish: answer, publishAll: answer, consume: answer, close: answer, left: answer }
}

describe('a subject on a server', () => {
  test('may settle a little after it has handled', async () => {
    await settled(queueWith([7, 3, 0]))
  })

  test('does not pass where something is never settled', async () => {
    await expect(settled(queueWith([7, 3]), 50)).rejects.toThrow('3 messages were handled and not settled.')
  })

  test('does not pass where something was not stored', async () => {
    await stored(queueWith([512]), 512)
    await expect(stored(queueWith([511]), 512)).rejects.toThrow('512 messages were published, of which 511 are stored.')
  })
})

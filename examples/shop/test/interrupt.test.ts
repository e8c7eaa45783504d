import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { listenForInterrupts } from '../src/interrupts.ts'
import { runAndRead } from './run-shop.ts'

describe('Ctrl-C', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s drains, and the totals of what was done add up',
    async signal => {
      let sent = false
      const { code, stdout, report } = await runAndRead(['--lines', '300000'], (output, send) => {
        if (sent || !output.includes('lines read')) return
        sent = true
        send(signal)
      })
      expect(stdout).toContain('Ctrl-C: finishing what has begun.')
      expect(report).toMatchObject({ interrupted: true, addsUp: true })
      expect(report.lines).toBeLessThan(300_000)
      expect(report.subscriptions.flatMap(({ problems }) => problems)).toEqual([])
      const { history, handled, dead, waiting } = report.subscriptions[0] ?? expect.fail('no subscriptions')
      expect(handled).toBeGreaterThan(0)
      expect(handled + dead + waiting).toBe(history)
      expect(code).toBe(0)
    },
    60_000,
  )

  test('twice exits at once, but what npm passes on within a moment is the same keystroke', async () => {
    const heard: string[] = []
    const process = new EventEmitter()
    using interrupts = listenForInterrupts(
      process,
      () => heard.push('first'),
      () => heard.push('second'),
    )
    process.emit('SIGINT')
    process.emit('SIGINT')
    expect(heard).toEqual(['first'])
    expect(interrupts.signal.aborted).toBe(true)
    await sleep(450)
    process.emit('SIGINT')
    expect(heard).toEqual(['first', 'second'])
  })

  test('is not listened for any longer than needed', () => {
    const process = new EventEmitter()
    listenForInterrupts(process, expect.fail, expect.fail)[Symbol.dispose]()
    expect(process.listenerCount('SIGINT') + process.listenerCount('SIGTERM')).toBe(0)
  })
})

import { LeaseTimer, type TimerHandle, type Token } from '@pluribus/core/driver'
import { expect, test } from 'vitest'
import { model, pick } from './model.js'

const LEASE = 100

/** Time that passes at once; one timer at a time is all that a lease timer may need. */
class OneTimer {
  now = 0
  #armed: { readonly at: number; readonly callback: () => void } | undefined
  readonly clock = { now: () => 0, monotonic: () => this.now }
  readonly timers = {
    setTimeout: (callback: () => void, ms: number): TimerHandle => {
      if (this.#armed !== undefined) throw new Error('A second timer was set.')
      this.#armed = { at: this.now + ms, callback }
      return this.#armed
    },
    clearTimeout: (handle: TimerHandle) => {
      if (handle === this.#armed) this.#armed = undefined
    },
    setImmediate: () => forbidden(),
    clearImmediate: () => forbidden(),
  }

  get isArmed(): boolean {
    return this.#armed !== undefined
  }

  pass(ms: number): void {
    const end = this.now + ms
    for (let armed = this.#armed; armed !== undefined && armed.at <= end; armed = this.#armed) {
      this.now = armed.at
      this.#armed = undefined
      armed.callback()
    }
    this.now = end
  }
}

function forbidden(): never {
  throw new Error('A lease timer needs no immediates.')
}

test('leases end at their time, renewed ones later, settled ones never, all with one timer', () => {
  const weights = { start: 16, renew: 12, end: 8, pass: 16, stop: 1 } as const
  const transitions = ['started', 'renewed', 'too late', 'ended', 'expired', 'expired together', 'stopped']
  const world = (count: (name: string) => void) => {
    const time = new OneTimer()
    let ends = new Map<Token, number>()
    const gone: Token[] = []
    let next = 0
    const leases = new LeaseTimer(time, LEASE, tokens => {
      // Not a moment early, and told once.
      for (const token of tokens) expect(ends.get(token)).toBe(time.now)
      for (const token of tokens) ends.delete(token)
      gone.push(...tokens)
      count(tokens.length === 1 ? 'expired' : 'expired together')
    })
    const commands = {
      start: () => {
        leases.start(next)
        ends.set(next++, time.now + LEASE)
        count('started')
      },
      renew: (n: number) => {
        const token = pick([...ends.keys()], n)
        if (token !== undefined) {
          expect(leases.renew(token)).toBe(true)
          ends.set(token, time.now + LEASE)
          count('renewed')
        }
        const late = pick(gone, n)
        if (late === undefined) return
        expect(leases.renew(late)).toBe(false)
        count('too late')
      },
      end: (n: number) => {
        const token = pick([...ends.keys()], n)
        if (token === undefined) return
        leases.end(token)
        ends.delete(token)
        count('ended')
      },
      pass: (n: number) => time.pass(n % 60),
      stop: () => {
        leases.stop()
        ends = new Map()
        count('stopped')
      },
    }
    return (command: keyof typeof weights, n: number) => {
      commands[command](n)
      expect([...ends.values()].every(end => end > time.now)).toBe(true)
      expect(leases.size).toBe(ends.size)
      expect(time.isArmed).toBe(ends.size > 0)
    }
  }
  model('lease timer', weights, world, transitions)
})

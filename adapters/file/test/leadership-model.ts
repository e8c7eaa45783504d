import { elect } from '../src/leadership/election.js'
import type { Claim, LockFolder } from '../src/leadership/lock-folder.js'
import type { LockNote } from '../src/leadership/lock-note.js'

/** What happens next: a process makes one step, ends, or is started; `silence` has whoever is asked next find that it does not answer. */
export type Move = { readonly kind: 'step' | 'kill'; readonly process: number } | { readonly kind: 'start' | 'silence' }

const ENDED = Symbol('ended')

class SimProcess {
  readonly token: string
  isAlive = true
  /** Makes its next step possible; undefined while it is between steps. */
  go: (() => void) | undefined

  constructor(number: number) {
    this.token = String(number)
  }
}

interface Entry {
  readonly generation: number
  readonly number: number
}

/**
 * Processes that elect a leader among themselves, write to one log, and acknowledge, where each of them may stop before each of its calls, for
 * ever or for a while, and the one that does not answer may only be slow. Two acknowledging leaders would show as an entry that was
 * acknowledged though a later leader, when it began, had not found it.
 */
export class LeadershipModel {
  readonly #locks = new Map<number, SimClaim>()
  readonly #log: Entry[] = []
  /** What each leader found when it began. */
  readonly #found = new Map<number, readonly Entry[]>()
  readonly #processes: SimProcess[] = []
  #isSilent = false
  acknowledged = 0
  leaders = 0
  followers = 0
  /** Leaders that found out by looking that they are no more. */
  replaced = 0
  #failure: unknown

  /** @throws Error Where two leaders have acknowledged. */
  async run(moves: readonly Move[]): Promise<void> {
    for (const move of moves) await this.#make(move)
  }

  async #make(move: Move): Promise<void> {
    if (move.kind === 'silence') this.#isSilent = true
    else if (move.kind === 'start') this.#start()
    else if ('process' in move) {
      const process = this.#processes[move.process % Math.max(1, this.#processes.length)]
      if (move.kind === 'kill' && process !== undefined) process.isAlive = false
      else process?.go?.()
    }
    // All that follows from one step, up to everybody's next call.
    for (let turn = 0; turn < 30; turn++) await undefined
    if (this.#failure !== undefined) throw this.#failure
  }

  #start(): void {
    const process = new SimProcess(this.#processes.length)
    this.#processes.push(process)
    this.#live(process).catch(error => {
      if (error !== ENDED) this.#failure ??= error
    })
  }

  /** The next call of a process: it is made when somebody says so. */
  #step(process: SimProcess): Promise<void> {
    return new Promise((resolve, reject) => {
      process.go = () => {
        process.go = undefined
        if (process.isAlive) resolve()
        else reject(ENDED)
      }
    })
  }

  async #live(process: SimProcess): Promise<void> {
    for (;;) {
      const locks = new SimLocks(this.#locks, () => this.#step(process))
      const note: LockNote = { token: process.token, socket: '', origin: '', pid: 0, host: '' }
      const elected = await elect({
        locks,
        floor: async () => 0,
        follow: (other, generation) => this.#follow(process, other, generation),
        stand: async () => ({ note, withdraw: async () => {} }),
      })
      if (elected.role === 'follower') {
        this.followers++
        await this.#step(process)
        continue
      }
      this.leaders++
      await this.#lead(process, locks, elected.claim, elected.generation)
    }
  }

  async #follow(process: SimProcess, { token }: LockNote, generation: number): Promise<true | undefined> {
    await this.#step(process)
    const leader = this.#processes[Number(token)]
    const answers = leader !== process && leader?.isAlive === true && !this.#isSilent && this.#found.has(generation)
    this.#isSilent = false
    return answers ? true : undefined
  }

  /** Reads what is there, then writes and acknowledges until it is replaced. */
  async #lead(process: SimProcess, locks: SimLocks, claim: Claim, generation: number): Promise<void> {
    await this.#step(process)
    if (this.#found.has(generation)) throw new Error(`two lead as ${generation}`)
    const found = [...this.#log]
    this.#found.set(generation, found)
    for (let number = 1; ; number++) {
      await this.#step(process)
      const entry = { generation, number }
      this.#log.push(entry)
      await this.#step(process)
      try {
        locks.verify(claim, generation)
      } catch {
        this.replaced++
        return
      }
      this.acknowledged++
      for (const [later, seen] of this.#found) {
        if (later > generation && !seen.includes(entry)) {
          throw new Error(`${generation} acknowledged ${number}, which ${later} had not found when it began`)
        }
      }
    }
  }
}

class SimClaim implements Claim {
  readonly note: LockNote

  constructor(note: LockNote) {
    this.note = note
  }
}

class SimLocks implements LockFolder {
  readonly #locks: Map<number, SimClaim>
  readonly #step: () => Promise<void>

  constructor(locks: Map<number, SimClaim>, step: () => Promise<void>) {
    this.#locks = locks
    this.#step = step
  }

  async generations(): Promise<readonly number[]> {
    await this.#step()
    return [...this.#locks.keys()]
  }

  async read(generation: number): Promise<LockNote | undefined> {
    await this.#step()
    return this.#locks.get(generation)?.note
  }

  async prepare(note: LockNote): Promise<Claim> {
    await this.#step()
    return new SimClaim(note)
  }

  async link(claim: Claim, generation: number): Promise<boolean> {
    await this.#step()
    if (this.#locks.has(generation)) return false
    this.#locks.set(generation, claim as SimClaim)
    return true
  }

  async unlink(generation: number): Promise<void> {
    await this.#step()
    this.#locks.delete(generation)
  }

  async discard(): Promise<void> {
    await this.#step()
  }

  verify(claim: Claim, generation: number): void {
    if (this.#locks.has(generation + 1) || this.#locks.get(generation) !== claim) throw new Error('replaced')
  }
}

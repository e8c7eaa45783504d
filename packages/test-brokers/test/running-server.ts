import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A server by its folder and its processes, not by its port: as soon as it is gone, other tests may be given that, and a folder of the
 * same name.
 */
export class RunningServer {
  readonly processes: readonly number[]
  readonly #folder: string
  readonly #identity: string | undefined

  constructor(port: number) {
    this.#folder = join(tmpdir(), `pluribus-broker-${port}`)
    this.#identity = identityOf(this.#folder)
    this.processes = numbersIn('/proc').filter(id => concerns(id, this.#folder))
  }

  /** What is left of it: its folder, and those of its processes that have not ended. */
  left(): readonly string[] {
    const isThere = this.#identity !== undefined && identityOf(this.#folder) === this.#identity
    // Its processes do not outlive the folder: the supervisor ends them first.
    const running = this.processes.filter(id => existsSync(`/proc/${id}`) && concerns(id, this.#folder))
    return [...(isThere ? [this.#folder] : []), ...running.map(id => `process ${id}`)]
  }
}

function identityOf(folder: string): string | undefined {
  const stat = statSync(folder, { throwIfNoEntry: false })
  return stat && `${stat.ino} ${stat.birthtimeMs}`
}

const numbersIn = (folder: string): number[] =>
  readdirSync(folder)
    .map(Number)
    .filter(id => Number.isInteger(id))

/** Servers run in their folder, or are told of it: Redis overwrites its command line, others change their directory. */
function concerns(id: number, folder: string): boolean {
  const looks = [
    () => readlinkSync(`/proc/${id}/cwd`),
    () => readFileSync(`/proc/${id}/cmdline`, 'latin1'),
    () => readFileSync(`/proc/${id}/environ`, 'latin1'),
  ]
  return looks.some(look => {
    try {
      return look().includes(folder)
    } catch (error) {
      // It has ended meanwhile, or is somebody else's.
      if (['ENOENT', 'ESRCH', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
      throw error
    }
  })
}

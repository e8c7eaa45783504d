import type { Disk, DiskFile } from '../disk.js'
import { SimFile } from './sim-file.js'

/**
 * A call that a simulated disk has been asked for.
 *
 * @example
 * ```ts
 * import type { SimCall } from '@pluribus/commit-log/testing'
 *
 * const isSync = ({ kind }: SimCall) => kind === 'sync' || kind === 'syncFolder'
 * ```
 */
export interface SimCall {
  readonly kind:
    | 'list'
    | 'open'
    | 'create'
    | 'rename'
    | 'remove'
    | 'syncFolder'
    | 'free'
    | 'size'
    | 'read'
    | 'write'
    | 'sync'
  readonly path: string
  /** 1 for the first call since the disk was made or restarted. */
  readonly number: number
}

/**
 * What becomes of a call: `stop`, the process ends within it; `lie`, a sync does nothing and says that it did; `misdirect`, one
 * sector of a sync goes elsewhere; otherwise the code of the error that it fails with.
 *
 * @example
 * ```ts
 * import type { SimCall, SimFault } from '@pluribus/commit-log/testing'
 *
 * const failingSyncs = ({ kind }: SimCall): SimFault | undefined => (kind === 'sync' ? 'EIO' : undefined)
 * ```
 */
export type SimFault = 'stop' | 'lie' | 'misdirect' | 'EIO' | 'ENOSPC' | 'EMFILE' | 'EROFS'

/** A change of names that is not known to be on the device. */
interface NameChange {
  readonly folder: string
  apply(names: Map<string, SimFile>): void
}

/** What outlives a process. */
interface Store {
  names: Map<string, SimFile>
  deviceNames: Map<string, SimFile>
  changes: NameChange[]
  readonly folders: Set<string>
}

/**
 * A disk in memory that behaves as badly as disks do: what is not synced may be lost, whole or in any of its sectors, names
 * independently of what is in the files; a sync that fails leaves nobody knows what, and the next one succeeds.
 *
 * @example
 * ```ts
 * import { CommitLog } from '@pluribus/commit-log'
 * import { SimDisk } from '@pluribus/commit-log/testing'
 *
 * const disk = new SimDisk(() => Math.random())
 * const log = await CommitLog.open({ disk, limits: { reserveBytes: 0 } })
 * await log.append(1, Buffer.from('hello'))
 * const reopened = await CommitLog.open({ disk: disk.restart('power'), limits: { reserveBytes: 0 } })
 * ```
 */
export class SimDisk implements Disk {
  /** Decides about every call; may be replaced at any time. Default: nothing fails. */
  fault: (call: SimCall) => SimFault | undefined = () => undefined
  /** Bytes that all files may take together. */
  capacity = Number.POSITIVE_INFINITY
  readonly #random: () => number
  readonly #store: Store
  readonly #stopped: Promise<void>
  #tellStopped = () => {}
  #calls = 0
  #isStopped = false
  #thawed: Promise<void> | undefined
  #thaw = () => {}

  /** @param random Numbers from 0 inclusive to 1 exclusive: the same ones, the same disk. */
  constructor(random: () => number, store?: Store) {
    this.#random = random
    this.#stopped = new Promise(resolve => {
      this.#tellStopped = resolve
    })
    this.#store = store ?? { names: new Map(), deviceNames: new Map(), changes: [], folders: new Set(['']) }
  }

  /** Resolves when the process has ended: none of its calls will ever return. */
  get stopped(): Promise<void> {
    return this.#stopped
  }

  get calls(): number {
    return this.#calls
  }

  /** Paths of all files. */
  get paths(): readonly string[] {
    return [...this.#store.names.keys()]
  }

  /** Stops the process in the call that it makes next, or has made and not come back from, until it is thawed. */
  freeze(): void {
    this.#thawed ??= new Promise(resolve => {
      this.#thaw = resolve
    })
  }

  /** The frozen process goes on. */
  thaw(): void {
    this.#thaw()
    this.#thawed = undefined
  }

  /** The same disk for one more process, beside this one. */
  beside(): SimDisk {
    const other = new SimDisk(this.#random, this.#store)
    other.capacity = this.capacity
    return other
  }

  /** Ends the process. */
  stop(): void {
    this.#isStopped = true
    this.#tellStopped()
  }

  /** The disk as the next process finds it, after this one has ended, and perhaps the power. */
  restart(after: 'process' | 'power'): SimDisk {
    this.stop()
    if (after === 'power') this.#losePower()
    return this.beside()
  }

  /** Damages one bit of a file. */
  flipBit(path: string): void {
    this.#store.names.get(path)?.flipBit()
  }

  /** Replaces what a file has. */
  overwrite(path: string, bytes: Uint8Array): void {
    const file = new SimFile(this.#random)
    file.write(0, bytes)
    file.sync()
    this.#store.names.set(path, file)
    this.#store.deviceNames.set(path, file)
  }

  /** What a file has, as a program sees it. */
  contentOf(path: string): Buffer {
    return Buffer.from(this.#file(path).bytes)
  }

  async makeFolder(path: string): Promise<void> {
    this.#store.folders.add(path)
  }

  async list(folder: string): Promise<readonly string[]> {
    await this.#enter('list', folder)
    if (!this.#store.folders.has(folder)) throw failure('ENOENT')
    const prefix = folder === '' ? '' : `${folder}/`
    const inside = this.paths.filter(path => path.startsWith(prefix)).map(path => path.slice(prefix.length))
    return inside.filter(name => !name.includes('/'))
  }

  async open(path: string): Promise<DiskFile> {
    await this.#enter('open', path)
    return this.#handle(path, this.#file(path))
  }

  async create(path: string): Promise<DiskFile> {
    await this.#enter('create', path)
    if (this.#store.names.has(path)) throw failure('EEXIST')
    const file = new SimFile(this.#random)
    this.#change(folderOf(path), names => names.set(path, file))
    return this.#handle(path, file)
  }

  async rename(from: string, to: string): Promise<void> {
    const apply = () => {
      const file = this.#file(from)
      this.#change(folderOf(to), names => {
        if (names.get(from) === file) names.delete(from)
        names.set(to, file)
      })
    }
    await this.#enter('rename', to, () => {
      if (this.#random() < 0.5) apply()
    })
    apply()
    await this.#thawed
  }

  async remove(path: string): Promise<void> {
    await this.#enter('remove', path)
    const file = this.#file(path)
    this.#change(folderOf(path), names => {
      if (names.get(path) === file) names.delete(path)
    })
    await this.#thawed
  }

  async syncFolder(path: string): Promise<void> {
    if ((await this.#enter('syncFolder', path)) === 'lie') return
    const { changes, deviceNames } = this.#store
    for (const { folder, apply } of changes) if (folder === path) apply(deviceNames)
    this.#store.changes = changes.filter(({ folder }) => folder !== path)
    await this.#thawed
  }

  async free(): Promise<number> {
    await this.#enter('free', '')
    return Math.max(0, this.capacity - this.#used())
  }

  #handle(path: string, file: SimFile): DiskFile {
    return {
      size: async () => {
        await this.#enter('size', path)
        return file.size
      },
      read: async (target, position) => {
        await this.#enter('read', path)
        return file.bytes.copy(target, 0, Math.min(position, file.size), position + target.length)
      },
      write: (bytes, position) => this.#write(path, file, bytes, position),
      sync: () => this.#sync(path, file),
      close: async () => {},
    }
  }

  async #write(path: string, file: SimFile, bytes: Uint8Array, position: number): Promise<number> {
    const part = () => bytes.subarray(0, Math.floor(this.#random() * (bytes.length + 1)))
    await this.#enter('write', path, () => file.write(position, part()))
    const room = Math.max(0, this.capacity - this.#used()) + Math.max(0, file.size - position)
    if (room === 0) throw failure('ENOSPC')
    const written = bytes.subarray(0, room)
    file.write(position, written)
    await this.#thawed
    return written.length
  }

  async #sync(path: string, file: SimFile): Promise<void> {
    const fault = await this.#enter('sync', path, () => file.failSync())
    if (fault === 'lie') return
    if (fault === 'misdirect') {
      const others = [...this.#store.names.values()]
      return file.misdirect(others[Math.floor(this.#random() * others.length)] ?? file)
    }
    if (![...this.#store.names.values()].includes(file)) throw failure('ENOENT')
    file.sync()
    await this.#thawed
  }

  /** Lets a call begin, unless it is to fail. `partly`: what it may have done before it failed. */
  async #enter(kind: SimCall['kind'], path: string, partly?: () => void): Promise<SimFault | undefined> {
    if (this.#isStopped) return await never()
    const fault = this.fault({ kind, path, number: ++this.#calls })
    await this.#thawed
    if (this.#isStopped) return await never()
    if (fault === undefined || fault === 'lie' || fault === 'misdirect') return fault
    if (fault === 'stop') {
      if (kind === 'write') partly?.()
      this.stop()
      return await never()
    }
    partly?.()
    throw failure(fault)
  }

  #file(path: string): SimFile {
    const file = this.#store.names.get(path)
    if (file === undefined) throw failure('ENOENT')
    return file
  }

  #change(folder: string, apply: (names: Map<string, SimFile>) => void): void {
    apply(this.#store.names)
    this.#store.changes.push({ folder, apply })
  }

  #used(): number {
    let used = 0
    for (const { size } of new Set(this.#store.names.values())) used += size
    return used
  }

  #losePower(): void {
    const { changes, deviceNames, names } = this.#store
    for (const { apply } of changes) if (this.#random() < 0.5) apply(deviceNames)
    this.#store.changes = []
    for (const file of new Set([...names.values(), ...deviceNames.values()])) file.losePower()
    this.#store.names = new Map(deviceNames)
  }
}

const folderOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')))

const never = () => new Promise<never>(() => {})

const failure = (code: string) => Object.assign(new Error(`${code}: a simulated failure`), { code })

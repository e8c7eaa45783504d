const SECTOR = 512

/** Bytes that were written and are not known to be on the device. */
interface DirtyWrite {
  readonly position: number
  readonly bytes: Buffer
}

/** Bytes that grow as they are written to. */
class Content {
  #bytes = Buffer.alloc(0)
  size = 0

  put(position: number, bytes: Uint8Array): void {
    this.grow(position + bytes.length)
    this.#bytes.set(bytes, position)
  }

  grow(size: number): void {
    if (size > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(size, 2 * this.#bytes.length, 1024))
      this.#bytes.copy(larger)
      this.#bytes = larger
    }
    this.size = Math.max(this.size, size)
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.size)
  }

  become(other: Content): void {
    this.#bytes = Buffer.from(other.bytes)
    this.size = other.size
  }
}

/** A file of a simulated disk: what programs see, and what is on the device. */
export class SimFile {
  readonly #random: () => number
  readonly #cache = new Content()
  readonly #device = new Content()
  #dirty: DirtyWrite[] = []

  constructor(random: () => number) {
    this.#random = random
  }

  get size(): number {
    return this.#cache.size
  }

  get bytes(): Buffer {
    return this.#cache.bytes
  }

  write(position: number, bytes: Uint8Array): void {
    const copy = Buffer.from(bytes)
    this.#cache.put(position, copy)
    this.#dirty.push({ position, bytes: copy })
  }

  sync(): void {
    for (const { position, bytes } of this.#dirty) this.#device.put(position, bytes)
    this.#dirty = []
  }

  /** As Linux does it: some of it is on the device, and from now on all of it is called so. */
  failSync(): void {
    this.#applySome()
  }

  /** Everything arrives but one sector, which replaces one of another file. */
  misdirect(victim: SimFile): void {
    const sectors = this.#dirty.flatMap(sectorsOf)
    const lost = Math.floor(this.#random() * sectors.length)
    for (const [index, { position, bytes }] of sectors.entries()) {
      if (index !== lost) this.#device.put(position, bytes)
      else this.#device.grow(position + bytes.length)
    }
    this.#dirty = []
    const sector = sectors[lost]
    if (sector === undefined || victim.#device.size === 0) return
    const at = SECTOR * Math.floor((this.#random() * victim.#device.size) / SECTOR) + (sector.position % SECTOR)
    const room = Math.max(0, victim.#device.size - at)
    victim.#device.put(at, sector.bytes.subarray(0, room))
    victim.#cache.put(at, sector.bytes.subarray(0, room))
  }

  /** What was not synced is there, or not, or in part; what is not on the device is gone. */
  losePower(): void {
    this.#applySome()
    this.#cache.become(this.#device)
  }

  /** Decay: a bit that is never the same again. */
  flipBit(): void {
    if (this.#device.size === 0) return
    const at = Math.floor(this.#random() * this.#device.size)
    const flipped = Buffer.from([(this.#device.bytes[at] as number) ^ (1 << Math.floor(this.#random() * 8))])
    this.#device.put(at, flipped)
    if (at < this.#cache.size) this.#cache.put(at, flipped)
  }

  #applySome(): void {
    for (const write of this.#dirty) this.#applyPart(write)
    this.#dirty = []
  }

  /** Nothing, the beginning, any of its sectors, or all; the file may have grown all the same. */
  #applyPart(write: DirtyWrite): void {
    const kind = Math.floor(this.#random() * 4)
    const grows = this.#random() < 0.3
    const prefix = this.#random() * write.bytes.length
    for (const sector of sectorsOf(write)) {
      const isThere =
        kind === 3 || (kind === 2 && this.#random() < 0.5) || (kind === 1 && sector.position - write.position < prefix)
      if (isThere) this.#device.put(sector.position, sector.bytes)
    }
    if (grows) this.#device.grow(write.position + write.bytes.length)
  }
}

/** Pieces of a write that arrive whole or not at all. */
function sectorsOf({ position, bytes }: DirtyWrite): DirtyWrite[] {
  const sectors: DirtyWrite[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + SECTOR - ((position + at) % SECTOR))
    sectors.push({ position: position + at, bytes: bytes.subarray(at, end) })
    at = end
  }
  return sectors
}

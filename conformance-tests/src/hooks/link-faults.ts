/** Which way bytes go: `up` to the broker, `down` to the client. */
export type Direction = 'up' | 'down'

/** What happens to bytes of one direction. */
export interface LinkFaults {
  /** Nothing is read or written, and nobody is told: no FIN, no RST. */
  blackhole: boolean
  /** Bytes are read, and go nowhere. */
  discard: boolean
  /** Milliseconds that every chunk takes longer. */
  delay: number
  /** Bytes a second; `Infinity` for all at once. */
  rate: number
  /** How many more bytes pass before the connection is cut; `Infinity` for no limit. */
  left: number
}

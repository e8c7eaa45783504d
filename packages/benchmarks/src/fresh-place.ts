/** Where a broker keeps what it is given, outside of the process: of nobody else, and empty for every measurement. */
export interface FreshPlace {
  /** Such as `redis 7.0.15`; undefined where the runtime is all there is. */
  readonly version: string | undefined
  /** Empties it; answers where it is. */
  renew(): Promise<string>
}

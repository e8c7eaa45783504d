import { LogError } from '../log-error.js'

/** The format that this program writes, and the only one that it reads. */
export const FORMAT_VERSION = 1

/** CRC-32 of IEEE 802.3, as `node:zlib` has it. */
export const CRC_32_IEEE = 1

/** @throws LogError `UNSUPPORTED_FORMAT` unless a file with an intact header is of the format that this program knows. */
export function refuseNewer(version: number, crcKind: number | undefined): void {
  if (version === FORMAT_VERSION && crcKind === CRC_32_IEEE) return
  throw new LogError(
    'UNSUPPORTED_FORMAT',
    `The log is of format ${version}, and this program knows ${FORMAT_VERSION}. Open it with the version of @pluribus/commit-log that wrote it, or a later one.`,
    { details: { version, crcKind, known: FORMAT_VERSION } },
  )
}

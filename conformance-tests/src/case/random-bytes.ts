/** Bytes out of a case's own random numbers. */
export const randomBytes = (random: () => number, count: number): Uint8Array =>
  Uint8Array.from({ length: count }, () => Math.floor(random() * 256))

/**
 * The catalogue that the suite was planned with: its groups, what they are about, and how many ids each has, numbered from
 * 1. Cases that were added later have higher numbers.
 */
export const GROUPS = {
  CAP: { about: 'honesty of capabilities, and errors', ids: 18 },
  LIF: { about: 'opening and closing', ids: 18 },
  PUB: { about: 'publishing', ids: 22 },
  SUB: { about: 'subscribing', ids: 16 },
  ACK: { about: 'acknowledging', ids: 14 },
  NCK: { about: 'retrying, rejecting, releasing', ids: 13 },
  LSE: { about: 'leases', ids: 16 },
  RTY: { about: 'retry policy and attempts', ids: 18 },
  DLQ: { about: 'dead letters and redriving', ids: 18 },
  FIF: { about: 'order of publishing', ids: 13 },
  KEY: { about: 'ordering keys', ids: 10 },
  LFO: { about: 'the latest first', ids: 11 },
  PRI: { about: 'priority', ids: 15 },
  DLY: { about: 'delayed messages', ids: 13 },
  TTL: { about: 'expiry', ids: 8 },
  GRP: { about: 'competing consumers', ids: 13 },
  FAN: { about: 'fan-out', ids: 7 },
  RPL: { about: 'late subscribers and replay', ids: 8 },
  PRE: { about: 'concurrency and window', ids: 10 },
  CON: { about: 'many at once', ids: 8 },
  BAT: { about: 'batches', ids: 12 },
  DDP: { about: 'de-duplication', ids: 12 },
  FID: { about: 'fidelity of payloads and headers', ids: 17 },
  ERR: { about: 'errors', ids: 10 },
  HND: { about: 'handlers', ids: 14 },
  SHD: { about: 'graceful shutdown', ids: 10 },
  CRS: { about: 'death of a consumer', ids: 9 },
  RST: { about: 'restart of the broker', ids: 13 },
  NET: { about: 'loss of the connection', ids: 12 },
  PSN: { about: 'poison messages', ids: 4 },
  FRN: { about: 'foreign messages', ids: 7 },
  PER: { about: 'what outlives a process', ids: 17 },
  OBX: { about: 'outbox', ids: 19 },
  DUL: { about: 'dual-write', ids: 11 },
  ADM: { about: 'looking in from outside', ids: 8 },
  LEK: { about: 'leaks', ids: 7 },
  PBT: { about: 'models', ids: 10 },
  HIS: { about: 'histories', ids: 13 },
  SMK: { about: 'speed', ids: 7 },
  OBS: { about: 'metrics and traces', ids: 3 },
} as const

/** The ids of the catalogue. */
export const catalogueIds = (): readonly string[] =>
  Object.entries(GROUPS).flatMap(([group, { ids }]) =>
    Array.from({ length: ids }, (_, index) => `${group}-${String(index + 1).padStart(2, '0')}`),
  )

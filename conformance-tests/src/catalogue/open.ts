/**
 * The ids of the catalogue that have no case yet, a line a group: whoever writes a case takes its number away. A test holds
 * that every id has a case, a reason to have none, or stands here, and only one of these.
 */
export const OPEN: Readonly<Record<string, readonly number[]>> = {
  FIF: [2, 3, 5, 6, 7, 8, 9, 10, 11, 12],
  KEY: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  LFO: [3, 4, 5, 6, 7, 8, 9, 10, 11],
  PRI: [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13],
  DLY: [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13],
  GRP: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13],
  FAN: [1, 2, 3, 4, 5],
  RPL: [1, 2, 3, 4, 5],
  PRE: [1, 2, 3, 4, 5, 7, 8, 9],
  CON: [1, 2, 3, 4, 5, 6, 7, 8],
  CRS: [1, 2, 3, 4, 5, 6, 7, 8, 9],
  RST: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13],
  NET: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  PSN: [1, 3],
  FRN: [1, 2, 3, 4, 5, 6, 7],
  LEK: [1, 2, 3, 4, 5, 6, 7],
  PBT: [1, 2, 3, 4, 5, 6, 9, 10],
  SMK: [1, 2, 3, 4, 5, 6],
}

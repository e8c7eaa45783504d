/**
 * The ids of the catalogue that have no case yet, a line a group: whoever writes a case takes its number away. A test holds
 * that every id has a case, a reason to have none, or stands here, and only one of these.
 */
export const OPEN: Readonly<Record<string, readonly number[]>> = {
  CRS: [1, 2, 3, 4, 5, 6, 7, 8, 9],
  RST: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13],
  NET: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  PSN: [1, 3],
  FRN: [1, 2, 3, 4, 5, 6, 7],
}

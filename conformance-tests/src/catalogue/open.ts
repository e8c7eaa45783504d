/**
 * The ids of the catalogue that have no case yet, a line a group: whoever writes a case takes its number away. A test holds
 * that every id has a case, a reason to have none, or stands here, and only one of these.
 */
export const OPEN: Readonly<Record<string, readonly number[]>> = {}

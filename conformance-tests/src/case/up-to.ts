/** The numbers from 1 to `last`: what `it.publish` gives the messages of a batch. */
export const upTo = (last: number): readonly number[] => Array.from({ length: last }, (_, index) => index + 1)

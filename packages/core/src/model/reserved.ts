/** What the names of our own topics begin with. */
const RESERVED = 'pluribus.'

/** Whether a topic is one of our own: nobody but core declares or publishes to those. */
export const isReserved = (topic: string): boolean => topic.startsWith(RESERVED)

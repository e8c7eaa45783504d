/** The header of messages that only prove that everything before them has come. Collectors hide them. */
export const FENCE = 'conformance-fence'

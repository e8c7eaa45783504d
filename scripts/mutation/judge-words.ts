/** Begins the line in which a judge says what it has found: what it judges may print too. */
export const VERDICT = 'verdict: '

/** No case or test noticed. */
export const SURVIVED = 'survived'

/** Printed when the mutant has taken the place of the source: tests that never load it prove nothing. */
export const LOADED = 'the mutant is loaded'

/** How long a call may stay unanswered before core takes the connection for broken, in milliseconds. */
export const UNANSWERED = 10_000
/** After how long core asks again although it has not been woken, in milliseconds. */
export const UNWOKEN = 15_000

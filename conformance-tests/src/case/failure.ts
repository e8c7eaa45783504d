/** What was promised has not happened: the message says what happened instead. */
export class Failure extends Error {
  override readonly name = 'Failure'
}

/** A case cannot be run: something that it needs is missing. */
export class Blocked extends Error {
  override readonly name = 'Blocked'
}

/** A case has run, and shows nothing. */
export class Inconclusive extends Error {
  override readonly name = 'Inconclusive'
}

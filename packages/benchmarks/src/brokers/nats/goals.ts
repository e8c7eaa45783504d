import { serverGoals } from '../../server/goals.ts'

/** The goals of the issue. */
export const goals = serverGoals({ 'plain-js': 2, moleculer: 2 })

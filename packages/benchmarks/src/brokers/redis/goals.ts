import { serverGoals } from '../../server/goals.ts'

/** The goals of the issue. */
export const goals = serverGoals({ bullmq: 5, 'bee-queue': 3 })

import type { Target } from '@pluribus/conformance'
import { Campaign, type CampaignOptions, type OutageResult } from '../../campaign/campaign.ts'
import { planOutages } from '../../campaign/plan.ts'

/** Plays these outages, one after the other. */
export async function play(
  target: Target,
  only: readonly string[],
  options: Partial<Pick<CampaignOptions, 'seed' | 'lease' | 'load' | 'blows' | 'slow'>> = {},
): Promise<readonly OutageResult[]> {
  const interrupted = new Promise<never>(() => {})
  const outages = planOutages(1, only)
  // Other tests run beside these: how long recovery takes is for a campaign to say, on a machine of its own.
  const base = { seed: 1, lease: 1_500, load: { rate: 60 }, blows: 1, slow: 5 }
  const campaign = await Campaign.prepare(target, { ...base, ...options, outages, interrupted })
  try {
    return await Array.fromAsync(campaign.play())
  } finally {
    await campaign.close()
  }
}

/** What became of each, with the reason of what did not pass. */
export const verdicts = (results: readonly OutageResult[]): readonly string[] =>
  results.map(({ outage, result }) => `${outage.id} ${[result.verdict, result.reason].filter(Boolean).join(': ')}`)

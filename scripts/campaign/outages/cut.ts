import type { CaseContext } from '@pluribus/conformance'
import { lengthOf } from '../length.ts'
import type { Outage } from '../outage.ts'

/** The network fails: connections are reset and refused for a while, or nothing passes any more and nobody is told. */
export const cut: Outage = {
  kind: 'cut',
  group: 'cut',
  hooks: ['proxy'],
  async strike(it, work) {
    const how = it.random() < 0.7 ? reset : swallow
    const began = work.mark(how === reset ? 'every connection is reset' : 'nothing passes any more')
    await how(it)
    const struck = work.mark('the network is gone')
    await it.elapse(lengthOf(it))
    await it.link.restore()
    return { began, struck, over: work.mark('the network is back') }
  },
}

async function reset({ link }: CaseContext): Promise<void> {
  await link.refuse()
  link.cut()
}

async function swallow({ link }: CaseContext): Promise<void> {
  link.blackhole()
}

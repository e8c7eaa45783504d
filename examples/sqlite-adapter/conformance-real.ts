import { defineTarget, LOCAL_TIMING } from '@pluribus/conformance'
import target from './conformance.ts'

/** In real time, which takes minutes, there may be processes of their own, to be killed and frozen. */
export default defineTarget({
  ...target,
  name: 'sqlite in real time',
  time: 'real',
  timing: LOCAL_TIMING,
  settings: async run => ({ ...(await target.settings(run)), poll: '1s' }),
  hooks: { module: import.meta.url },
})

import { conformance } from '@pluribus/conformance/vitest'
import target from '../conformance.js'

await conformance(target, { profile: 'core' })

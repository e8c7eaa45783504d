import { conformance } from '@pluribus/conformance/vitest'
import target from '../conformance.ts'

await conformance(target)

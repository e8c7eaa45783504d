import { conformance } from '../src/bindings/vitest.js'
import target from '../targets/sim-log/conformance.js'

await conformance(target)

import { conformance } from '@pluribus/conformance/vitest'
import { findOrBlock } from '@pluribus/test-brokers'
import { describe, test } from 'vitest'
import target from '../conformance.js'

if ((await findOrBlock('redis')) === undefined) describe.skip('conformance of redis', () => test('is blocked'))
else await conformance(target, { profile: 'core' })

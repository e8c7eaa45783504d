import { library } from '../scripts/tsup.ts'

export default library({
  index: 'src/index.ts',
  cli: 'src/cli.ts',
  child: 'src/child/main.ts',
  'bindings/vitest': 'src/bindings/vitest.ts',
  'bindings/jest': 'src/bindings/jest.ts',
  'bindings/node-test': 'src/bindings/node-test.ts',
  saboteurs: 'src/saboteurs.ts',
})

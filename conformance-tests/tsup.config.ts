import { library } from '../scripts/tsup.ts'

export default library({
  index: 'src/index.ts',
  cli: 'src/cli.ts',
  'bindings/vitest': 'src/bindings/vitest.ts',
  saboteurs: 'src/saboteurs.ts',
})

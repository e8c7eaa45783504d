/**
 * Outages under load, one after the other, against a real server: kills, freezes, cuts, lost replies. `npm run campaign --
 * --adapter redis`; `--help` shows what else. Each is judged from the history of all processes.
 */
import { run } from './run.ts'

process.exitCode = await run(process.argv.slice(2), line => void process.stdout.write(`${line}\n`))

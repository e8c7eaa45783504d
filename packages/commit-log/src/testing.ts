export { type SimCall, SimDisk, type SimFault } from './testing/sim-disk.js'

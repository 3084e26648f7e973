/** What is made once for a run of the tests. */
import { join } from 'node:path'

/** Node's compiled code: hundreds of processes start in a run, and all compile the same. */
export const compiled = join(import.meta.dirname, '../../node_modules/.cache/kura')

/** Beside the packages, so that its `bin/kura` finds their Node. */
export const release = join(compiled, 'release')

/** The program as an administrator has it. */
export const command = join(release, 'bin/kura')

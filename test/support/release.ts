/** Where the tests have their release: beside the packages, so that its `bin/kura` finds their Node. */
import { join } from 'node:path'

export const release = join(import.meta.dirname, '../../node_modules/.cache/kura/release')

/** Run as a process: opens the signing keys of a folder and says which key it would sign with. */
import { openSigningKeys } from '../../../../gateway/access/keys/folder-keys.ts'

const [folder = '', rotations = '0', age] = process.argv.slice(2)
const keys = await openSigningKeys({ folder, overlapSeconds: 3600, report: () => {}, checkMs: 0 })
for (let left = Number(rotations); left > 0; left--) await keys.rotateAfter(0)
if (age) await keys.rotateAfter(Number(age))
const { kid } = await keys.signing()
process.stdout.write(kid)

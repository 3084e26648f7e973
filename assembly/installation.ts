/** The name of this installation, as its upstreams and its own gateways see it: `upstream/via.ts`. */
import type { Config } from '../config/schema.ts'
import { installationName } from '../upstream/via.ts'
import type { Given } from './processes/shared.ts'

/** Without a secret that all machines share, each of them is an installation of its own. */
export function installationOf({ http }: Pick<Config, 'http'>, { key }: Given): string {
  return installationName(http.secret ?? key)
}

/** Variables that begin like ours and are made by other programs, told by their names and values. */
import { isIP } from 'node:net'

type Row = { name: RegExp; value: (text: string) => boolean }

const link = /^(?:tcp|udp|sctp):\/\//
const port = (text: string) => /^\d+$/.test(text)
const protocol = '(?:TCP|UDP|SCTP)'

const rows: Row[] = [
  // Kubernetes, for a service named `registry`, `registry-auth` or `kura`; links of old Docker as well.
  { name: /_SERVICE_HOST$/, value: (text) => isIP(text) !== 0 },
  { name: /_SERVICE_PORT(?:_\w+)?$/, value: port },
  { name: new RegExp(`_PORT(?:_\\d+_${protocol})?$`), value: (text) => link.test(text) },
  { name: new RegExp(`_PORT_\\d+_${protocol}_PORT$`), value: port },
  { name: new RegExp(`_PORT_\\d+_${protocol}_PROTO$`), value: (text) => /^[a-z]+$/.test(text) },
  { name: new RegExp(`_PORT_\\d+_${protocol}_ADDR$`), value: (text) => isIP(text) !== 0 },
  { name: /_NAME$/, value: (text) => /^\/\w/.test(text) },
  // podman, skopeo and buildah: where they keep their own logins.
  { name: /^REGISTRY_AUTH_FILE$/, value: (text) => text.endsWith('.json') },
]

export function isForeign(name: string, value: string): boolean {
  return rows.some((row) => row.name.test(name) && row.value(value))
}

/** The names that an authority such as Let's Encrypt is asked for. */
import { parseNames } from './authority-names.ts'

/** Throws an error that names the setting, for a name that cannot be proved and for none at all. */
export function parseHosts(written: readonly string[]): string[] {
  const hosts = parseNames(written)
  const wild = hosts.find((host) => host.startsWith('*.'))
  if (wild) throw new Error(`http.tls.letsencrypt.hosts: ${wild} cannot be proved over HTTP`)
  if (hosts.length === 0) throw new Error('http.tls.letsencrypt.hosts: names no host')
  return hosts
}

/** The welcome of a newcomer when the registry is up: its address, and the lines of a first push and pull. */

import type { Config } from '../../config/schema.ts'
import { findTcpAddress } from '../../network/address.ts'
import { givesTokens } from '../access/entrance.ts'
import type { FirstEntrance } from '../accounts/first-account.ts'
import { quoted } from './own-name.ts'
import { isLoopbackName, type Reach } from './reach.ts'

type Newcomer = {
  version: string
  /** How the command is called. */
  kura: string
  reach: Reach
  entrance?: FirstEntrance | undefined
}

export function welcome(config: Config, { version, kura, reach, entrance }: Newcomer): string {
  const { http, storage } = config
  const { host, elsewhere } = reach
  const place = http.net === 'unix' ? `the socket ${http.addr.text}` : reach.url
  const data = storage.filesystem?.rootdirectory ?? 'memory, and gone when it stops'
  const push = host && firstPush(config, host, entrance)
  const trusting = host && trust(config, host, reach)
  const parts = [
    `kura ${version} is up on ${place}, with its data in ${data}`,
    entrance && account(entrance, kura),
    // docker asks for no trust on its own machine.
    ...(host && isExcused(host) ? [push, trusting] : [trusting, push]),
    elsewhere && `On other machines it is ${elsewhere} instead of ${host}.`,
    `What is there now:\n\n  ${curl(config, reach, entrance)}`,
  ]
  return `\n${parts.filter(Boolean).join('\n\n')}\n\n`
}

function account({ name, password, accounts }: FirstEntrance, kura: string): string {
  const another = `${kura} user passwd --file ${quoted(accounts)} ${name}`
  return password
    ? `The account is ${name}, and this its password. It is shown this once and kept as a hash only:\n\n  ${password}`
    : `The account is ${name}. To give it another password:\n\n  ${another}`
}

function firstPush(
  { auth, kura }: Config,
  host: string,
  entrance: FirstEntrance | undefined,
): string {
  const image = `${host}/hello-world`
  const name = entrance ? `--username ${entrance.name} ` : ''
  const lines = [
    ...(auth?.htpasswd || auth?.token ? [`docker login ${name}${host}`] : []),
    'docker pull hello-world',
    `docker tag hello-world ${image}`,
    `docker push ${image}`,
    `docker pull ${image}`,
  ]
  const where = kura.policies ? `, where the policies in ${kura.policies} allow it` : ''
  return `A first push and pull${where}:\n\n${block(lines)}`
}

/** docker trusts any server on its own machine, but not where it fetches tokens; others trust none. */
function trust(config: Config, host: string, { authority, url }: Reach): string | undefined {
  const { tls } = config.http
  const said = [
    ...(authority ? [whereTo(host, { authority, isForTokens: givesTokens(config) })] : []),
    ...(authority && givesTokens(config) ? [forTokens] : []),
    ...(url.startsWith('http:') && !isExcused(host) ? [plain(host)] : []),
    ...(tls && tls.clientcas.length > 0 ? [clientCertificates] : []),
  ]
  return said.join('\n\n')
}

const isExcused = (host: string) => isLoopbackName(findTcpAddress(host, 80)?.host ?? '')

type Trusted = { authority: string; isForTokens: boolean }

function whereTo(host: string, { authority, isForTokens }: Trusted): string {
  const podman = quoted(host)
  const folder = `~/.config/containers/certs.d/${podman}`
  const forPodman = `mkdir -p ${folder} && cp ${quoted(authority)} ${folder}/ca.crt`
  if (isExcused(host)) {
    const nothing = isForTokens ? '' : '; docker needs nothing'
    return `podman, buildah and skopeo work too, once they trust its certificate${nothing}:\n\n  ${forPodman}`
  }
  const docker = quoted(`/etc/docker/certs.d/${host}`)
  const forDocker = `sudo mkdir -p ${docker} && sudo cp ${quoted(authority)} ${docker}/ca.crt`
  return `docker first has to trust its certificate, as have podman, buildah and skopeo:\n\n${block([forDocker, forPodman])}`
}

const forTokens =
  'docker may also want that file among the authorities of the system, since kura gives out tokens:\ndocs/tls.md, "Authorities of the system".'

const plain = (host: string) =>
  `docker takes plain HTTP from its own machine only: it wants ${host} among its insecure-registries,\nor TLS here (docs/tls.md).`

const clientCertificates =
  'Clients show a certificate of their own: docs/tls.md says where they want it.'

function curl({ auth, http }: Config, reach: Reach, entrance: FirstEntrance | undefined): string {
  const user = entrance?.name ?? (auth?.htpasswd ? 'NAME' : undefined)
  const words = [
    ...(http.net === 'unix' ? [`--unix-socket ${quoted(http.addr.text)}`] : []),
    ...(reach.authority ? [`--cacert ${quoted(reach.authority)}`] : []),
    ...(http.tls?.clientcas.length ? ['--cert client.crt --key client.key'] : []),
    ...(user ? [`--user ${user}`] : []),
    quoted(`${reach.url}${http.prefix}v2/_catalog`),
  ]
  return `curl ${words.join(' ')}`
}

const block = (lines: string[]) => lines.map((line) => `  ${line}`).join('\n')

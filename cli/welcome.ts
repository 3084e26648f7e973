/** What a newcomer reads when the registry is up: where it is, and the lines of a first push and pull. */
import type { Config } from '../config/schema.ts'
import type { FirstEntrance } from './first-account.ts'
import { quoted } from './quoted.ts'

type Newcomer = { version: string; entrance?: FirstEntrance | undefined }

export function welcome(config: Config, { version, entrance }: Newcomer): string {
  const { auth, http, storage } = config
  const port = http.addr.slice(http.addr.lastIndexOf(':') + 1)
  const host = `localhost:${port}`
  const url = `${http.tls ? 'https' : 'http'}://${host}`
  const image = `${host}/hello-world`
  const name = entrance ? `--username ${entrance.name} ` : ''
  const login = auth?.htpasswd || auth?.token ? `  docker login ${name}${host}\n` : ''
  const data = storage.filesystem?.rootdirectory ?? 'memory, and gone when it stops'
  const trust = entrance ? `--cacert ${quoted(entrance.authority)} --user ${entrance.name} ` : ''
  return `
kura ${version} is up on ${url}, with its data in ${data}
${entrance ? account(entrance) : ''}
A first push and pull:

${login}  docker pull hello-world
  docker tag hello-world ${image}
  docker push ${image}
  docker pull ${image}
${entrance ? otherClients(entrance, host) : ''}
What is there now:

  curl ${trust}${url}/v2/_catalog

`
}

function account({ name, password, accounts }: FirstEntrance): string {
  const another = `kura user passwd --file ${quoted(accounts)} ${name}`
  if (!password) return `\nThe account is ${name}. To give it another password:\n\n  ${another}\n`
  return `
The account is ${name}, and this its password. It is shown this once and kept as a hash only:

  ${password}
`
}

/** docker believes whoever answers on its own machine; the others want to see the authority. */
function otherClients({ authority }: FirstEntrance, host: string): string {
  const folder = `~/.config/containers/certs.d/${host}`
  return `
podman, buildah and skopeo work too, once they trust its certificate; docker needs nothing:

  mkdir -p ${folder} && cp ${quoted(authority)} ${folder}/ca.crt
`
}

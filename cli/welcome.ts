/** What a newcomer reads when the registry is up: where it is, and the lines of a first push and pull. */
import type { Config } from '../config/schema.ts'

export function welcome({ auth, http, storage }: Config, version: string): string {
  const port = http.addr.slice(http.addr.lastIndexOf(':') + 1)
  const host = `localhost:${port}`
  const url = `${http.tls ? 'https' : 'http'}://${host}`
  const image = `${host}/hello-world`
  const login = auth?.htpasswd || auth?.token ? `  docker login ${host}\n` : ''
  const data = storage.filesystem?.rootdirectory ?? 'memory, and gone when it stops'
  return `
kura ${version} is up on ${url}, with its data in ${data}

A first push and pull:

${login}  docker pull hello-world
  docker tag hello-world ${image}
  docker push ${image}
  docker pull ${image}

What is there now:

  curl ${url}/v2/_catalog

`
}

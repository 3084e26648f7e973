/** What a newcomer reads when the registry is up: where it is, and the lines of a first push and pull. */
import type { Config } from '../config/schema.ts'

export function welcome({ http, storage }: Config, version: string): string {
  const port = http.addr.slice(http.addr.lastIndexOf(':') + 1)
  const image = `localhost:${port}/hello-world`
  const data = storage.filesystem?.rootdirectory ?? 'memory, and gone when it stops'
  return `
kura ${version} is up on http://localhost:${port}, with its data in ${data}

A first push and pull:

  docker pull hello-world
  docker tag hello-world ${image}
  docker push ${image}
  docker pull ${image}

What is there now:

  curl http://localhost:${port}/v2/_catalog

`
}

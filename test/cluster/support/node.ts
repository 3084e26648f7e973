/** Speaks to one worker of a cluster as its gateways do, so that a test can say which node does what. */
import { createCallSigner } from '../../../gateway/pool/call-signer.ts'
import type { Cluster } from '../../support/cluster.ts'
import { type Answer, send } from '../../support/http.ts'

type Body = { headers?: Record<string, string>; body?: Buffer }

export function createNode({ workerPorts, secret }: Cluster, index: number) {
  const url = `http://127.0.0.1:${workerPorts[index % workerPorts.length]}`
  const signer = createCallSigner(secret)
  const call = {
    requestId: 'a request',
    origin: url,
    address: '127.0.0.1',
    readsBlobs: false,
    identity: { name: undefined, groups: [], method: 'none' },
  }

  return {
    url,
    /** `target` is a path, or any URL whose path is meant. */
    ask(method: string, target: string, { headers, body }: Body = {}): Promise<Answer> {
      const { pathname, search } = new URL(target, url)
      const signed = signer.sign({ method, url: pathname + search }, call)
      return send(method, url + pathname + search, {
        headers: { ...headers, 'kura-identity': signed },
        ...(body && { body }),
      })
    },
  }
}

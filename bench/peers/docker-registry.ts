/** Debian's docker-registry, which is registry:2; TLS is nginx's before it, as its own guide has it. */
import { readFile } from 'node:fs/promises'
import { findFreePort } from '../../test/support/ports.ts'
import { startNginx } from './nginx.ts'
import { answering, configurationOf, type Peer, startProgram } from './peer.ts'

export const dockerRegistry: Peer = {
  title: 'docker-registry',
  titleWithTls: 'docker-registry behind nginx',
  async start({ stage, storage, certificate }) {
    const port = await findFreePort()
    const text = configurationOf({ storage, port })
    const args = (config: string) => ['serve', config]
    const service = await startProgram({ stage, command: 'docker-registry', args, text })
    const url = `http://127.0.0.1:${port}`
    await answering(url, service)
    const { processes, output } = service
    if (!certificate) return { url, processes, output }

    const nginx = await startNginx({ stage, certificate, port })
    await answering(nginx.url, nginx.service, await readFile(certificate.certificate, 'utf8'))
    return {
      url: nginx.url,
      processes: async () => (await Promise.all([processes(), nginx.service.processes()])).flat(),
      output: () => output() + nginx.service.output(),
    }
  },
}

/** kura by its own command, with its processes as they are by default, or with workers apart. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { findFreePort } from '../../test/support/ports.ts'
import { answering, configurationOf, type Peer, startProgram } from './peer.ts'

const command = fileURLToPath(new URL('../../bin/kura', import.meta.url))

export const kura = peer('kura', [])
export const kuraWorkers = peer('kura, 2 workers', ['--workers', '2'])

function peer(title: string, flags: string[]): Peer {
  return {
    title,
    async start({ stage, storage, certificate }) {
      const port = await findFreePort()
      const text = configurationOf({ storage, certificate, port })
      const args = (config: string) => ['serve', ...flags, config]
      const service = await startProgram({ stage, command, args, text })
      const url = `${certificate ? 'https' : 'http'}://127.0.0.1:${port}`
      const authority = certificate && (await readFile(certificate.certificate, 'utf8'))
      await answering(url, service, authority)
      return { url, processes: service.processes, output: service.output }
    },
  }
}

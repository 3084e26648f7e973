/** A token server for `docker-registry`, which trusts its certificate: for ann alone, and each question counted. */
import { createPrivateKey } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { SignJWT } from 'jose'
import type { Made } from '../gateway/listen/openssl.ts'
import type { Cleanup } from '../support/cleanup.ts'
import { startFake } from './support.ts'

const service = 'registry.example'
const issuer = 'the issuer'

type Access = { type: string; name: string; actions: string[] }

export async function startTokenServer(cleanup: Cleanup, signer: Made) {
  let password = 'secret'
  const fake = await startFake(cleanup, async (request, response) => {
    if (userOf(request) !== `ann:${password}`) return void response.writeHead(401).end()
    const { searchParams } = new URL(request.url ?? '', fake.url)
    const access = searchParams.getAll('scope').map(accessOf)
    response.end(JSON.stringify({ token: await sign(signer, access), expires_in: 300 }))
  })
  return {
    asked: fake.asked,
    setPassword: (text: string) => {
      password = text
    },
    /** The section `auth` of a registry that trusts it. */
    auth: {
      token: {
        realm: `${fake.url.href}token`,
        service,
        issuer,
        rootcertbundle: signer.certificate,
      },
    },
  }
}

function userOf({ headers }: IncomingMessage): string {
  return Buffer.from((headers.authorization ?? '').replace('Basic ', ''), 'base64').toString()
}

function accessOf(scope: string): Access {
  const [type = '', name = '', actions = ''] = scope.split(':')
  return { type, name, actions: actions.split(',') }
}

function sign(by: Made, access: Access[]): Promise<string> {
  const [leaf = ''] = by.pem.match(/(?<=CERTIFICATE-----\n)[^-]+/) ?? []
  return new SignJWT({ access })
    .setProtectedHeader({ alg: 'ES256', x5c: [leaf.replaceAll('\n', '')] })
    .setIssuer(issuer)
    .setAudience(service)
    .setSubject('ann')
    .setJti(String(Math.random()))
    .setIssuedAt()
    .setNotBefore('0s')
    .setExpirationTime('5m')
    .sign(createPrivateKey(by.keyPem))
}

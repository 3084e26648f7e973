/** `http`: the listeners, and what every answer has in common. */
import { type Address, findTcpAddress } from '../../network/address.ts'
import {
  address,
  addressRule,
  always,
  asWritten,
  choice,
  duration,
  flag,
  headers,
  list,
  secret,
  section,
  text,
  url,
  value,
} from '../values.ts'

const letsencrypt = section({
  cachefile: text('a path').optional().describe('The folder that keeps the certificates.'),
  email: text('an address').optional().describe('The address told to the authority.'),
  hosts: list(text('a host name')).prefault([]).describe('The names to get certificates for.'),
  directoryurl: url().optional().describe('The directory of another authority.'),
})

const tls = section({
  certificate: text('a path').optional().describe('The certificate with its chain, as PEM.'),
  key: text('a path').optional().describe('The private key of the certificate, as PEM.'),
  clientcas: list(text('a path')).prefault([]).describe('Authorities whose clients are let in.'),
  clientauth: choice(
    'require-and-verify-client-cert',
    'require-any-client-cert',
    'request-client-cert',
    'verify-client-cert-if-given',
  )
    .prefault('require-and-verify-client-cert')
    .describe('Which certificate clients have to show once `clientcas` is set.'),
  minimumtls: choice('tls1.2', 'tls1.3').prefault('tls1.2').describe('The oldest version spoken.'),
  ciphersuites: list(text('the name of a cipher suite'))
    .optional()
    .describe('The cipher suites of TLS 1.2, by the names Go gives them.'),
  letsencrypt: letsencrypt.optional(),
})
  .refine(({ certificate, key }) => (certificate === undefined) === (key === undefined), {
    ...always,
    error: 'must set certificate and key together',
  })
  .refine(({ certificate, letsencrypt }) => !certificate || !letsencrypt?.cachefile, {
    ...always,
    error: 'must set either certificate or letsencrypt, not both',
  })
  .describe('HTTPS.')

const debug = section({
  addr: address().optional().describe('Where the debug listener waits; off without it.'),
  prometheus: section({
    enabled: flag().prefault('false').describe('Serve metrics on the debug listener.'),
    path: text('a path').prefault('/metrics').describe('Where they are served.'),
  }).prefault({}),
})

/** Text that is no address of a network is a path, and refused below unless `net` is `unix`. */
const place = () =>
  value(addressRule, (text): Address => findTcpAddress(text) ?? { text, path: text }).meta(
    asWritten,
  )

export const http = section({
  addr: place().describe('Where kura listens; the path of the socket when `net` is `unix`.'),
  net: choice('tcp', 'unix').prefault('tcp').describe('The kind of listener.'),
  host: url().optional().describe('The URL clients use, when it cannot be told from the request.'),
  prefix: value('a path that begins and ends with /', (written) =>
    /^\/(?:[^?#\s]*\/)?$/.test(written) ? written : undefined,
  )
    .prefault('/')
    .describe('A path before `/v2/`.'),
  secret: secret()
    .optional()
    .describe(
      'Signs what gateways tell workers; of 32 characters or more, also states of uploads, and token keys are made of it where no folder keeps them. Replicas have to share it. Random without it.',
    ),
  relativeurls: flag()
    .optional()
    .describe('Whether locations name no host; without it, they name one once `host` is set.'),
  draintimeout: duration()
    .prefault('10s')
    .describe('How long a stopping kura waits for requests to end.'),
  tls: tls.optional(),
  headers: headers()
    .prefault({})
    .describe(
      'Headers added to every answer: a list of values each; an empty list takes away what kura would send.',
    ),
  debug: debug.optional(),
  http2: section({
    disabled: flag().prefault('false').describe('Do not speak HTTP/2.'),
  }).prefault({}),
  h2c: section({
    enabled: flag().prefault('false').describe('Speak HTTP/2 without TLS.'),
  }).prefault({}),
})
  .refine(({ net, addr }) => net === 'unix' || addr === undefined || 'port' in addr, {
    ...always,
    path: ['addr'],
    error: `must be ${addressRule}`,
  })
  // A path may read like an address, as `socket:1` does.
  .overwrite((http) => {
    const { net, addr } = http
    return net === 'unix' ? { ...http, addr: { text: addr.text, path: addr.text } } : http
  })
  // Without the section, the key that has to be in it is what is missing.
  .prefault({} as never)
  .describe('The listeners, and what every answer has in common.')

/** `redis`: the server that replicas share, with the keys of versions 2 and 3. */
import { findTcpAddress } from '../../network/address.ts'
import {
  asWritten,
  duration,
  flag,
  integer,
  list,
  secret,
  section,
  text,
  value,
} from '../values.ts'

const any = Number.MIN_SAFE_INTEGER
const count = () => integer({ min: any }).optional()
const time = () => duration({ min: any }).optional()
const choice = () => flag().prefault('false')
const server = () =>
  value('host:port, such as redis:6379', (written) => findTcpAddress(written, 6379)).meta({
    ...asWritten,
    allowed: 'host:port',
  })

const tls = section({
  certificate: text('a path').optional().describe('The certificate to show, as PEM.'),
  key: text('a path').optional().describe('The private key of the certificate, as PEM.'),
  rootcas: list(text('a path')).prefault([]).describe('The authorities to trust, as PEM.'),
})

const pool = section({
  maxidle: count().describe('The name in version 2 of `maxidleconns`.'),
  maxactive: count().describe('The name in version 2 of `maxactiveconns`.'),
  idletimeout: time().describe('The name in version 2 of `connmaxidletime`.'),
})

export const redis = section({
  addrs: list(server())
    .prefault([])
    .describe('One server, the nodes of a cluster, or with `mastername` the sentinels.'),
  addr: server().optional().describe('The name in version 2 of a single server.'),
  mastername: text().optional().describe('The name of the master to ask the sentinels for.'),
  username: text().optional().describe('The account on the server.'),
  password: secret().optional().describe('The password of that account.'),
  sentinelusername: text().optional().describe('The account on the sentinels.'),
  sentinelpassword: secret().optional().describe('The password of that account.'),
  db: integer().prefault('0').describe('The number of the database.'),
  clientname: text().optional().describe('The name told to the server.'),
  protocol: integer({ min: 2, max: 3 }).optional().describe('The version of the protocol.'),
  maxretries: count().describe('How often a command is tried again; -1 for never.'),
  minretrybackoff: time().describe('The shortest pause before a retry; -1 for none.'),
  maxretrybackoff: time().describe('The longest pause before a retry; -1 for none.'),
  dialtimeout: time().describe('How long connecting may take.'),
  readtimeout: time().describe('How long an answer may take; -1 for ever.'),
  writetimeout: time().describe('How long sending may take; -1 for ever.'),
  contexttimeoutenabled: choice().describe('Let the time left for a request shorten these.'),
  poolfifo: choice().describe('Use the connection that has waited longest.'),
  poolsize: count().describe('How many connections are kept.'),
  pooltimeout: time().describe('How long to wait for a free connection.'),
  minidleconns: count().describe('The fewest idle connections.'),
  maxidleconns: count().describe('The most idle connections.'),
  maxactiveconns: count().describe('The most connections at all.'),
  connmaxidletime: time().describe('The age at which an idle connection is closed.'),
  connmaxlifetime: time().describe('The age at which any connection is closed.'),
  maxredirects: count().describe('How many redirects of a cluster are followed.'),
  readonly: choice().describe('Read from replicas of a cluster.'),
  routebylatency: choice().describe('Read from the nearest node of a cluster.'),
  routerandomly: choice().describe('Read from any node of a cluster.'),
  disableidentity: choice().describe('Do not tell the server who connects.'),
  identitysuffix: text().optional().describe('Added to what the server is told.'),
  unstableresp3: choice().describe('Let modules answer in version 3 of the protocol.'),
  tls: tls.optional(),
  pool: pool.optional(),
})
  .optional()
  .describe('The server that replicas share.')

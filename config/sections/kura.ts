/** `kura`: what the original does not have. */

import { z } from 'zod'
import { findAddress } from '../../network/address.ts'
import { networkRule, readNetwork } from '../../network/range.ts'
import {
  address,
  asWritten,
  choice,
  duration,
  flag,
  integer,
  list,
  map,
  section,
  text,
  url,
  value,
} from '../values.ts'
import { mirrors } from './mirrors.ts'

const network = () =>
  text(networkRule)
    .transform((written, context) => {
      const found = readNetwork(written)
      if ('network' in found) return found.network
      context.addIssue(found.fault)
      return z.NEVER
    })
    .meta({ allowed: networkRule, ...asWritten })

const trusted = section({
  issuer: url().describe('The issuer of the tokens, as their `iss` has it.'),
  audience: text().describe('The name in their `aud`, which says that they are for this registry.'),
  prefix: text().describe('Begins the names and groups that come from there, such as `github`.'),
  jwks: text('a path').optional().describe('A file with the keys of the issuer.'),
  jwksurl: url().optional().describe('Where the issuer publishes its keys.'),
  nameclaim: text().prefault('sub').describe('The claim that names who is asking.'),
  groupsclaim: text().optional().describe('The claim that lists their groups.'),
  require: map(text())
    .prefault({})
    .describe('Claims that must have exactly this value; without one, all of the issuer get in.'),
})

const hour = 3_600_000

const tokens = section({
  challenge: choice('auto', 'basic', 'bearer')
    .prefault('auto')
    .describe('How clients are asked to sign in; `auto` is `bearer` once there are policies.'),
  service: text().prefault('kura').describe('The audience of the tokens kura gives out.'),
  issuer: text().prefault('kura').describe('The issuer of the tokens kura gives out.'),
  expires: duration({ min: 60_000 }).prefault('15m').describe('How long such a token is good.'),
  grace: duration()
    .refine((time) => time <= 6 * hour, 'must be at most 6h')
    .prefault('1h')
    .describe(
      'How long one that ran out still does for uploads begun with it, at most 6h; 0 for not.',
    ),
  refresh: flag()
    .prefault('false')
    .describe(
      'Whether clients that ask for one get a token to keep in place of the password, good for 30 days. Some clients cannot use it.',
    ),
  rotation: duration()
    .refine((time) => time === 0 || time >= hour, 'must be at least 1h, or 0 for never')
    .prefault('2160h')
    .describe('How old a signing key gets before another replaces it, at least 1h; 0 for never.'),
  folder: text('a folder')
    .optional()
    .describe(
      'Where keys and tokens for robots are kept; without it, beside the data. Where that is no folder either, keys are made of `http.secret`, and there are no robots.',
    ),
  trust: list(trusted).prefault([]).describe('Other issuers whose tokens sign people in.'),
})
  .prefault({})
  .describe('Tokens that kura gives out and takes.')

const limits = section({
  idle: duration()
    .prefault('5m')
    .describe('How long a request waits for a client that sends and takes nothing; 0 for ever.'),
})
  .prefault({})
  .describe('Limits for clients.')

const workerAddress = () =>
  value('host:port or unix:/path', (written) => {
    const found = findAddress(written)
    return found && ('path' in found || found.host) ? found : undefined
  }).meta(asWritten)

const workers = section({
  count: integer({ min: 1, max: 64 })
    .optional()
    .describe(
      'How many workers `kura serve` starts, apart from its gateways; without it, none are apart.',
    ),
  listen: address().prefault(':5001').describe('Where `kura worker` listens, for gateways only.'),
  addresses: list(workerAddress())
    .prefault([])
    .describe('Where `kura gateway` finds workers; a name stands for all its addresses.'),
})
  .prefault({})
  .describe('Registries in processes of their own, behind gateways.')

export const kura = section({
  mirrors,
  processes: integer({ min: 1, max: 64 })
    .optional()
    .describe('How many processes serve; without it, one for each core.'),
  policies: text('a folder')
    .optional()
    .describe('A folder of policy files; without it, every user who signs in may do everything.'),
  trustedProxies: list(network())
    .prefault([])
    .describe('Proxies that are believed about their clients: addresses and networks.'),
  redirect: address()
    .optional()
    .describe('A second listener that sends clients from HTTP to HTTPS, such as `:80`.'),
  workers,
  limits,
  tokens,
})
  .prefault({})
  .describe('Settings that `registry:2` does not have.')

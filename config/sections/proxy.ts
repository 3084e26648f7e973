/** `proxy`: another registry whose content is fetched and kept when it is asked for. */
import { duration, secret, section, text, url } from '../values.ts'
import { helper, tokenHosts } from './mirrors.ts'

export const proxy = section({
  remoteurl: url()
    .optional()
    .describe('The other registry, of which this one is a mirror as a whole; off without it.'),
  username: text().optional().describe('The account there.'),
  password: secret().optional().describe('The password of that account.'),
  exec: helper.optional(),
  tokenhosts: tokenHosts,
  ttl: duration().prefault('168h').describe('How long content is kept; 0 for ever.'),
  cachewritetimeout: duration()
    .prefault('5m')
    .describe('How long content may still be written after its client has left.'),
})
  .optional()
  .describe('Another registry whose content is fetched and kept when it is asked for.')

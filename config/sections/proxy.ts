/** `proxy`: another registry whose content is fetched and kept when it is asked for. */
import { duration, secret, section, text, url } from '../values.ts'

export const proxy = section({
  remoteurl: url().optional().describe('The other registry; off without it.'),
  username: text().optional().describe('The account there.'),
  password: secret().optional().describe('The password of that account.'),
  exec: section({
    command: text().describe('A docker credential helper that knows the account.'),
    lifetime: duration()
      .optional()
      .describe('How long its answer is kept: without it for ever, with 0 not at all.'),
  }).optional(),
  ttl: duration().prefault('168h').describe('How long content is kept; 0 for ever.'),
  cachewritetimeout: duration()
    .prefault('5m')
    .describe('How long content may still be written after its client has left.'),
})
  .optional()
  .describe('Another registry whose content is fetched and kept when it is asked for.')

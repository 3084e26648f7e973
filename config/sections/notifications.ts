/** `notifications`: who hears of pushes, pulls and deletes. */
import { duration, flag, headers, integer, list, section, text, url } from '../values.ts'

const mediaTypes = () => list(text('a media type'))

const endpoint = section({
  name: text().optional().describe('The name of the receiver in logs and metrics.'),
  disabled: flag().prefault('false').describe('Keep the receiver written down but unused.'),
  url: url().describe('Where events are posted.'),
  headers: headers()
    .meta({ secret: true })
    .prefault({})
    .describe('Headers added to every event, such as `Authorization`.'),
  timeout: duration().prefault('1s').describe('How long the receiver may take to answer.'),
  threshold: integer().prefault('10').describe('Failures in a row before `backoff` begins.'),
  backoff: duration().prefault('1s').describe('The pause between two tries from then on.'),
  ignoredmediatypes: mediaTypes().prefault([]).describe('The older place of `ignore.mediatypes`.'),
  ignore: section({
    mediatypes: mediaTypes().prefault([]).describe('Media types that are not told.'),
    actions: list(text('an action'))
      .prefault([])
      .describe('Actions that are not told: `pull`, `push`, `mount`, `delete`.'),
  }).prefault({}),
})

export const notifications = section({
  events: section({
    includereferences: flag()
      .prefault('false')
      .describe('Tell also the parts that a pushed manifest refers to.'),
  })
    .meta({ alias: 'eventconfig' })
    .prefault({}),
  endpoints: list(endpoint).prefault([]).describe('The receivers.'),
})
  .prefault({})
  .describe('Receivers of events: pushes, pulls and deletes.')

/** `health`: the checks that have to pass for kura to call itself well. */
import { duration, flag, headers, integer, list, section, text, url } from '../values.ts'

const interval = () => duration().prefault('10s').describe('The time between two checks.')
const threshold = () => integer().prefault('0').describe('Failures in a row before it counts.')
const timeout = () => duration().optional().describe('How long a check may take.')

const file = section({
  file: text('a path').describe('A file that must not exist: creating it drains this replica.'),
  interval: interval(),
  threshold: threshold(),
})

const request = section({
  uri: url().describe('The address that is asked for, with `HEAD`.'),
  headers: headers().meta({ secret: true }).prefault({}).describe('Headers of the request.'),
  statuscode: integer({ min: 100, max: 599 }).prefault('200').describe('The status that is well.'),
  timeout: timeout(),
  interval: interval(),
  threshold: threshold(),
})

const connection = section({
  addr: text('host:port').describe('The address to connect to.'),
  timeout: timeout(),
  interval: interval(),
  threshold: threshold(),
})

export const health = section({
  storagedriver: section({
    enabled: flag().prefault('false').describe('Check the storage.'),
    interval: interval(),
    threshold: threshold(),
  }).prefault({}),
  file: list(file).meta({ alias: 'filecheckers' }).prefault([]).describe('Files to look for.'),
  http: list(request).meta({ alias: 'httpcheckers' }).prefault([]).describe('Requests to make.'),
  tcp: list(connection)
    .meta({ alias: 'tcpcheckers' })
    .prefault([])
    .describe('Ports to connect to.'),
})
  .prefault({})
  .describe('Checks: kura calls itself well while all of them pass.')

/** `log`: what kura tells its operator, and how. */
import { choice, flag, list, map, secret, section, text } from '../values.ts'

export const level = () => choice('error', 'warn', 'info', 'debug')

const smtp = section({
  addr: text('host:port').optional().describe('The mail server.'),
  username: text().optional().describe('The account on the mail server.'),
  password: secret().optional().describe('The password of that account.'),
  insecure: flag().prefault('false').describe('Do not check the certificate of the mail server.'),
})

const hook = section({
  type: text().describe('The kind of hook; `mail` is the only one.'),
  disabled: flag().prefault('false').describe('Keep the hook written down but unused.'),
  levels: list(text('a level'))
    .prefault([])
    .describe('The levels that set the hook off, `panic` and `fatal` among them.'),
  options: section({
    smtp: smtp.optional(),
    from: text('an address').optional().describe('The sender of the mail.'),
    to: list(text('an address')).prefault([]).describe('The receivers of the mail.'),
  })
    .meta({ alias: 'mailoptions' })
    .prefault({}),
})

export const log = section({
  level: level().prefault('info').describe('The least severe record that is still written.'),
  formatter: choice('text', 'json', 'logstash')
    .prefault('text')
    .describe('How a record is written on standard error.'),
  fields: map(text()).prefault({}).describe('Fields added to every record.'),
  accesslog: section({
    disabled: flag()
      .prefault('false')
      .describe('Do not write a line a request to standard output.'),
  }).prefault({}),
  reportcaller: flag().prefault('false').describe('Add the place in the source to every record.'),
  hooks: list(hook).prefault([]).describe('Programs told about records of some levels.'),
})
  .prefault({})
  .describe('The log: how much it tells, and in which form.')

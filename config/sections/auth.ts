/** `auth`: how clients say who they are. */
import { flag, list, oneOf, section, text } from '../values.ts'

const methods = {
  none: section({}).optional().describe('Everyone may do everything.'),
  silly: section({
    realm: text().describe('The realm told to clients.'),
    service: text().describe('The service told to clients.'),
  })
    .optional()
    .describe('Any `Authorization` header will do. For tests only.'),
  htpasswd: section({
    realm: text().describe('The realm told to clients.'),
    path: text('a path').describe('A file of `name:hash` lines with bcrypt hashes.'),
  })
    .optional()
    .describe('Names and passwords in a file.'),
  token: section({
    realm: text('a URL').describe('Where clients get their tokens.'),
    service: text().describe('The audience a token must name.'),
    issuer: text().describe('The issuer a token must name.'),
    rootcertbundle: text('a path').optional().describe('A PEM file of certificates to trust.'),
    jwks: text('a path').optional().describe('A file with a set of JSON web keys to trust.'),
    signingalgorithms: list(text('the name of an algorithm'))
      .optional()
      .describe('The signature algorithms to accept.'),
    autoredirect: flag().prefault('false').describe('Derive the realm from the request.'),
    autoredirectpath: text('a path').prefault('/auth/token').describe('The path of that realm.'),
  })
    .optional()
    .describe('Tokens signed by a server of yours.'),
}

export const auth = oneOf(section(methods), { what: 'method', names: Object.keys(methods) })
  .optional()
  .describe('How clients say who they are. At most one method may be named.')

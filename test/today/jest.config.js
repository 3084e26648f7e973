/**
 * The tests of real clients three times, for the three places where kura may keep what they push: a
 * folder in one process, a folder behind workers, a bucket. Started by run.sh, which brings the clients.
 */
import base from '../jest.config.js'

const [whole] = base.projects

/** These choose their places themselves. */
const once = ['/topologies.test', '/redirects.test', '/tls-trust.test', '/volume.test']

const clients = (place) => ({
  ...whole,
  displayName: place,
  roots: ['<rootDir>/test/clients', '<rootDir>/test/today'],
  testPathIgnorePatterns: place === 'process' ? [] : once,
  globals: { place },
})

export default { ...base, projects: ['process', 'workers', 'bucket'].map(clients) }

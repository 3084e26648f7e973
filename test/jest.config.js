/**
 * Tests are ES modules in TypeScript, and Node loads them as it loads kura (see native/environment.js).
 * Those of the protocol run three times, once for each way in which a gateway may have its registry.
 */
import { fileURLToPath } from 'node:url'

const shared = {
  rootDir: fileURLToPath(new URL('..', import.meta.url)),
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  globalSetup: fileURLToPath(new URL('support/make-release.js', import.meta.url)),
  testEnvironment: fileURLToPath(new URL('native/environment.js', import.meta.url)),
  transform: { '\\.test\\.ts$': fileURLToPath(new URL('native/transform.js', import.meta.url)) },
}

const protocol = (topology) => ({
  ...shared,
  displayName: `workers ${topology}`,
  roots: ['<rootDir>/test/protocol'],
  globals: { topology },
})

export default {
  projects: [
    {
      ...shared,
      displayName: 'whole',
      roots: ['<rootDir>/test'],
      // Their clients are not in the distribution that the other tests run on: see test/today/run.sh.
      testPathIgnorePatterns: ['/test/today/'],
    },
    protocol('beside'),
    protocol('apart'),
  ],
  reporters: ['default', fileURLToPath(new URL('support/tally-reporter.js', import.meta.url))],
  testSequencer: fileURLToPath(new URL('support/slow-first.js', import.meta.url)),
  // Only what hangs should ever meet this, however busy the machine is.
  testTimeout: 240_000,
  /**
   * Two more than the cores that the suite is made for: files wait for leases, processes and disks, and with two
   * at once half of the processors' time was left over.
   */
  maxWorkers: 4,
}

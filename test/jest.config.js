/** Tests are ES modules in TypeScript; swc only strips the types, so what runs is what is written. */
export default {
  rootDir: '..',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' } }],
  },
  reporters: ['default', '<rootDir>/test/support/tally-reporter.js'],
  // Only what hangs should ever meet this, however busy the machine is.
  testTimeout: 120_000,
  maxWorkers: 2,
}

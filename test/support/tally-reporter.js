/**
 * Ends a run with one plain line, so that scripts need not understand jest's summary, after the names
 * of what was not run: of a file of which nothing ran, jest itself says nothing.
 */
export default class TallyReporter {
  onRunComplete(_contexts, results) {
    const { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites } = results
    // A file that could not even be loaded ran no test, and is a failure all the same.
    const failed = numFailedTests + numRuntimeErrorTestSuites
    const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : ''
    const names = results.testResults
      .flatMap(({ testResults }) => testResults)
      .filter(({ status }) => status === 'pending')
      .map(({ fullName }) => `skipped: ${fullName}\n`)
    process.stdout.write(
      `\n${names.join('')}${numPassedTests} passed, ${failed} failed${skipped}\n`,
    )
  }
}

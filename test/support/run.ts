/** Runs a program to its end and answers what it wrote. */
import { execFile } from 'node:child_process'

type Options = {
  env?: NodeJS.ProcessEnv
  cwd?: string
  /** The standard input of the program. */
  input?: string
}

const mostOutput = 64 * 1024 * 1024
const patience = 120_000

/** Answers stdout. Rejects with all it wrote unless the program ends with 0. */
export async function run(command: string, args: string[], options: Options = {}): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const limits = { maxBuffer: mostOutput, timeout: patience }
  const { input, ...rest } = options
  const child = execFile(command, args, { ...rest, ...limits }, (error, stdout, stderr) => {
    if (!error) return resolve(stdout)
    reject(new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error }))
  })
  // A program that ends without reading it says why by itself.
  if (input !== undefined) child.stdin?.on('error', () => {}).end(input)
  return promise
}

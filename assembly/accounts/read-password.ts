/** A password for a command: from the terminal or from stdin, never from the command line. */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

type Terminal = {
  input: NodeJS.ReadableStream & { isTTY?: boolean }
  prompt: (text: string) => void
}

/** Asked twice at a terminal, which shows nothing of it; otherwise the first line there is. */
export async function readPassword({ input, prompt }: Terminal): Promise<string> {
  if (!input.isTTY) return readLine(input)
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input, output: silence, terminal: true, historySize: 0 })
  lines.once('SIGINT', () => lines.close())
  const answers = lines[Symbol.asyncIterator]()
  try {
    const first = await ask('password: ')
    if (first === (await ask('once more: '))) return first
    throw new Error('the two passwords differ')
  } finally {
    lines.close()
  }

  async function ask(question: string): Promise<string> {
    prompt(question)
    const { value, done } = await answers.next()
    prompt('\n')
    if (!done) return value
    throw new Error('no password was given')
  }
}

async function readLine(input: NodeJS.ReadableStream): Promise<string> {
  let text = ''
  for await (const chunk of input.setEncoding('utf8')) {
    text += chunk
    if (text.includes('\n')) break
  }
  return text.split(/\r?\n/, 1)[0] ?? ''
}

/** What a wrong command line is told besides what is wrong: which commands there are, or whose help to read. */
import type { Command } from 'commander'
import { ownName } from '../assembly/own-name.ts'

/** For the command and all below it. */
export function sayWhatIsAllowed(command: Command, path = ownName()): Command {
  const names = command.commands.map((it) => it.name())
  const list = names.length > 0 ? `the commands are ${names.join(', ')}; ` : ''
  command.showHelpAfterError(`(${list}${path} --help says more)`)
  for (const below of command.commands) sayWhatIsAllowed(below, `${path} ${below.name()}`)
  return command
}

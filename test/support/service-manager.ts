/**
 * A service manager that listens: each message is printed as a line, its parts joined by blanks. That
 * a sender waits to be heard is no message.
 */
import { join } from 'node:path'
import type { Cleanup } from './cleanup.ts'
import { startService } from './service.ts'

/** Perl, because Node knows no datagrams of unix sockets. */
const listener = `
use Socket;
$| = 1;
socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die $!;
bind($socket, sockaddr_un($ARGV[0])) or die $!;
print "listening\\n";
while (defined recv($socket, my $message, 65536, 0)) {
  print join(" ", split(/\\n/, $message)), "\\n" if $message ne "BARRIER=1";
}`

export async function startServiceManager(cleanup: Cleanup) {
  const socket = join(await cleanup.folder(), 'notify')
  const service = await startService({
    command: 'perl',
    args: ['-e', listener, socket],
    env: { PATH: process.env.PATH },
    ready: /^listening$/m,
  })
  cleanup.add(service.stop)
  return {
    /** For NOTIFY_SOCKET. */
    socket,
    /** All it was told, as soon as that is so many messages. */
    async told(count: number): Promise<string[]> {
      await service.said(new RegExp(`^listening\\n(?:.*\\n){${count}}`))
      return service.output().trimEnd().split('\n').slice(1)
    },
  }
}

/**
 * Connections are accepted by the supervisor and handed to its processes in turn, so that each has as
 * many as the others. node:cluster does all that but for one thing, which is done here: a connection
 * that is on its way to a process when that dies would stay open, with nobody to answer it.
 */
import cluster, { type Worker as Process } from 'node:cluster'

/** As node:cluster writes them; each is acknowledged by its number. */
type Message = { cmd?: string; act?: string; seq?: number; ack?: number }
type Connection = { close(): void }

/** Before the first process is made. */
export function handOverInTurn(): void {
  cluster.schedulingPolicy = cluster.SCHED_RR
}

/** Closes, when `child` is gone, what it was given and never had: its client hears of it at once. */
export function closeWithProcess({ process: child }: Process): void {
  const underWay = new Map<number, Connection>()
  const send = child.send
  child.send = (message: unknown, ...rest: unknown[]) => {
    const { cmd, act, seq } = Object(message) as Message
    if (cmd === 'NODE_CLUSTER' && act === 'newconn' && seq !== undefined) {
      underWay.set(seq, rest[0] as Connection)
    }
    return Reflect.apply(send, child, [message, ...rest])
  }
  child.on('internalMessage', ({ ack }: Message) => {
    if (ack !== undefined) underWay.delete(ack)
  })
  child.once('exit', () => {
    for (const connection of underWay.values()) connection.close()
    underWay.clear()
  })
}

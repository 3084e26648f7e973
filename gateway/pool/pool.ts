/**
 * The door between the halves: a request that is read, known and allowed goes through, and is
 * answered on the other side: by a worker, or in this process. Only the files of this folder know which.
 */
import type { GatewayContext } from '../context.ts'

export type Pool = { forward(ctx: GatewayContext): Promise<void> }

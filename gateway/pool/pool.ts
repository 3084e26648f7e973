/**
 * The door between the halves: a request that is read, known and allowed goes through, and is
 * answered on the other side. What stands behind the door, only the files of this folder know.
 */
import type { Context } from '../state.ts'

export type Pool = { forward(ctx: Context): Promise<void> }

/**
 * How much time has passed since some moment, by whichever clock has counted more of it. The steady
 * clock stands still while a machine is suspended; the clock on the wall goes on, but may be set back.
 */

/** Answers a function that says how many milliseconds have passed since this call. */
export function startClock(): () => number {
  const [steady, wall] = [performance.now(), Date.now()]
  return () => Math.max(performance.now() - steady, Date.now() - wall)
}

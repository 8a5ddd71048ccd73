/** Waiting for what other processes do in their own time: never for ever. */
const lookEveryMs = 25;

/** `what` is asked at the end, so that it can say what was found. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: () => string,
  deadlineMs: number,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms in vain for ${what()}`);
    await pause(lookEveryMs);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

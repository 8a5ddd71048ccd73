/** Waits for what real sockets do in their own time: never longer than it takes, never for ever. */
export async function until(
  condition: () => boolean,
  what: string,
  deadlineMs = 4_000,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

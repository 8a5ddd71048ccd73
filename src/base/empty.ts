/**
 * Empties an array and keeps its room: to set its length to 0 would give the room back, and the next push would
 * have to ask for it again.
 */
export function empty(array: unknown[]): void {
  for (let left = array.length; left > 0; left--) array.pop();
}

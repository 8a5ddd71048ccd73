/** The known word that somebody probably meant. */

/** The nearest of the known words within two changed letters, or undefined. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = 3;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein's distance, a row at a time. Words are short here. */
function editDistance(from: string, to: string): number {
  if (Math.abs(from.length - to.length) > 2) return 3;
  let above = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      const diagonal = (above[column - 1] ?? 0) + (isSame ? 0 : 1);
      const straight = Math.min(above[column] ?? 0, current[column - 1] ?? 0) + 1;
      current.push(Math.min(diagonal, straight));
    }
    above = current;
  }
  return above[to.length] ?? 3;
}

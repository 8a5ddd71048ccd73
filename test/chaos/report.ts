/** A verdict as a text for people. */
import type { Finding } from './replay.ts';
import type { Verdict } from './verdict.ts';

export function reportText({ findings, isWell }: Verdict): string {
  const lines = findings.flatMap(linesOf);
  const end = isWell ? 'Nothing was lost and nothing doubled.' : 'SOMETHING WENT WRONG.';
  return ['', ...lines, '', end].join('\n');
}

function linesOf({ what, violations, figures }: Finding): string[] {
  const count = (value: number) => value.toLocaleString('en');
  const texts = Object.entries(figures).map(([name, value]) => `${wordsOf(name)} ${count(value)}`);
  return [
    `${violations.length === 0 ? 'ok  ' : 'BAD '} ${what}`,
    ...(texts.length === 0 ? [] : [`     ${texts.join(', ')}`]),
    ...violations.map((violation) => `     ! ${violation.replaceAll('\n', '\n       ')}`),
  ];
}

/** `longestGapMs` as people write it. */
function wordsOf(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, (_, end: string, begin: string) => {
    return `${end} ${begin.toLowerCase()}`;
  });
}

/** What the grid asks of a logger: pino's methods, so that anything with these will do. */

export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
};

const methods = ['debug', 'info', 'warn', 'error'] as const;

export function isLogger(given: unknown): given is Logger {
  const candidate = given as Partial<Logger> | null | undefined;
  return typeof given === 'object' && methods.every((m) => typeof candidate?.[m] === 'function');
}

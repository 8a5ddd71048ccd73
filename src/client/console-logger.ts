/**
 * Where a client says what nobody asked to be told: gaps and errors of listeners that have no `onGap` or
 * `onError`. On the console, since what is said nowhere is lost; `logger` of `connect` takes it elsewhere.
 */
import type { Logger } from '../base/logger.ts';

const ignore = () => {};

export const consoleLogger: Logger = {
  debug: ignore,
  info: ignore,
  warn: (fields, message) => console.warn(`shoal: ${message}`, fields),
  error: (fields, message) => console.error(`shoal: ${message}`, fields),
};

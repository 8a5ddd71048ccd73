/** The public entry of `shoal/testing`. */
export { seededRandom } from './base/random.ts';

/**
 * The entry `shoal/client` for bundles that run in browsers: the light client alone. Its types are those of
 * client.ts, which Node is given and which exports the same.
 */
export { GridError } from './base/errors.ts';
export { connect } from './client/browser-client.ts';

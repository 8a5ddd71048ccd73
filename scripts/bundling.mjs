/** How programs are bundled that plain node runs from this folder: packages stay where they are. */
export const bundling = {
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: 'inline',
  logLevel: 'warning',
};

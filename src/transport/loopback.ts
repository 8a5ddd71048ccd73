/** Which hosts are this machine itself. */

const loopback = /^(localhost|(::ffff:)?127(\.\d{1,3}){3}|::1|\[::1\])$/;

/** Of a name or an address, as URLs and sockets have them. */
export function isLoopback(host: string): boolean {
  return loopback.test(host);
}

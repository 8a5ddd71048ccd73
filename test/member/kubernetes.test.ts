import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { KubernetesApi, parseKubernetes } from '../../src/member/kubernetes.ts';
import { testCertificate, testKey } from '../transport/test-certificate.ts';

/** As the API has them, with more fields than are read. */
const slices = {
  kind: 'EndpointSliceList',
  items: [
    {
      addressType: 'IPv4',
      ports: [{ name: 'grid', port: 7_400, protocol: 'TCP' }],
      endpoints: [
        { addresses: ['10.1.0.4'], conditions: { ready: true } },
        { addresses: ['10.1.0.5'], conditions: { ready: false } },
      ],
    },
    { addressType: 'IPv6', ports: [{ port: 7_401 }], endpoints: [{ addresses: ['fd00::1'] }] },
    { addressType: 'IPv4', ports: null, endpoints: null },
  ],
};

describe('seeds of Kubernetes', () => {
  let api: Server;
  let folder: string;
  let asked: IncomingMessage[];
  let answer: (response: ServerResponse) => void;

  beforeEach(async () => {
    asked = [];
    answer = (response) => response.end(JSON.stringify(slices));
    api = createServer({ key: testKey, cert: testCertificate }, (request, response) => {
      asked.push(request);
      answer(response);
    });
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
    folder = mkdtempSync(join(tmpdir(), 'shoal-'));
    writeFileSync(join(folder, 'token'), 'the token of the pod\n');
    writeFileSync(join(folder, 'namespace'), 'shop\n');
    writeFileSync(join(folder, 'ca.crt'), testCertificate);
  });
  afterEach(async () => {
    await new Promise((resolve) => api.close(resolve));
    rmSync(folder, { recursive: true });
  });

  const placeOf = (port: number) => ({
    folder,
    env: { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: `${port}` },
  });
  const find = (text: string) =>
    new KubernetesApi(placeOf((api.address() as AddressInfo).port)).addressesOf(
      parseKubernetes(text)!,
    );
  const failure = (text: string) =>
    find(text).then(
      () => new Error('it gave something'),
      (error: Error) => error,
    );

  it('are all endpoints of the service, ready or not, at its port', async () => {
    const found = await find('kubernetes:grid');
    expect(found).to.deep.equal(['10.1.0.4:7400', '10.1.0.5:7400', '[fd00::1]:7401']);
    expect(await find('kubernetes:grid:7500')).to.include('10.1.0.4:7500');
  });

  it('are asked for with the token of the pod, in its namespace or another', async () => {
    await find('kubernetes:grid');
    await find('kubernetes:bank/vault');
    const urls = asked.map(({ url }) => decodeURIComponent(url!));
    expect(urls[0]).to.match(/^\/apis\/discovery\.k8s\.io\/v1\/namespaces\/shop\/endpointslices\?/);
    expect(urls[0]).to.include('labelSelector=kubernetes.io/service-name=grid&');
    expect(urls[1]).to.include('/namespaces/bank/').and.to.include('service-name=vault&');
    const [{ headers }] = asked as [IncomingMessage];
    expect(headers.authorization).to.equal('Bearer the token of the pod');
  });

  it('use a token that was renewed', async () => {
    await find('kubernetes:grid');
    writeFileSync(join(folder, 'token'), 'another token');
    await find('kubernetes:grid');
    expect(asked.at(-1)!.headers.authorization).to.equal('Bearer another token');
  });

  it('say what stood in the way', async () => {
    answer = (response) => response.end('{"items":[]}');
    expect((await failure('kubernetes:grid')).message).to.include('the service shop/grid');
    answer = (response) => response.writeHead(403).end();
    const forbidden = (await failure('kubernetes:grid')).message;
    expect(forbidden).to.include('found 403').and.to.include('list endpointslices');
    answer = (response) => response.end('nonsense');
    expect(await failure('kubernetes:grid')).to.be.instanceOf(SyntaxError);
    answer = (response) => response.end('x'.repeat(5_000_000));
    expect((await failure('kubernetes:grid')).message).to.equal('the answer is too long');
  });

  it('wait for no answer that comes a byte at a time, without an end', async () => {
    const timers: NodeJS.Timeout[] = [];
    answer = (response) => void timers.push(setInterval(() => response.write(' '), 10));
    const { port } = api.address() as AddressInfo;
    const found = new KubernetesApi(placeOf(port), 100).addressesOf(
      parseKubernetes('kubernetes:a')!,
    );
    const error = await found.then(
      () => new Error('it gave something'),
      (reason: Error) => reason,
    );
    for (const timer of timers) clearInterval(timer);
    expect(timers).to.have.length(1);
    expect(error.message).to.equal('no whole answer within 100 ms');
  });

  it('trust the authority of the pod and nobody else', async () => {
    writeFileSync(join(folder, 'ca.crt'), '');
    expect((await failure('kubernetes:grid')).message).to.match(/self-signed|certificate/);
    expect(asked).to.deep.equal([]);
  });

  it('are none outside of a pod', async () => {
    const outside = new KubernetesApi({ folder, env: {} });
    const error = await outside.addressesOf(parseKubernetes('kubernetes:grid')!).then(
      () => new Error('it gave something'),
      (reason: Error) => reason,
    );
    expect(error.message).to.include('expected to run in a pod of Kubernetes');
  });
});

/** kerbside.local by multicast DNS: real packets over an interface of this machine that takes multicast. */
import { networkInterfaces } from 'node:os';
import multicastDns from 'multicast-dns';
import { describe, expect, test } from 'vitest';
import { answerNames, sameNetwork } from '../../../agent/console/service/names.ts';
import { silent } from '../../../agent/core/log.ts';

const PORT = 15_353;

/** The first interface with an IPv4 address for others. */
const link = Object.entries(networkInterfaces())
  .map(([name, list = []]) => ({
    name,
    addresses: list.filter(({ family, internal }) => family === 'IPv4' && !internal),
  }))
  .find(({ addresses }) => addresses.length > 0);

describe.skipIf(link === undefined)('a name on the link', () => {
  test('is answered with the address of the interface; others, and other kinds of records, are not', async () => {
    if (link === undefined) return;
    using answering = await answerNames({
      names: ['kerbside.local'],
      links: [link],
      log: silent,
      port: PORT,
    });
    expect(answering.on).toBe(1);
    const [own] = link.addresses;
    const asker = multicastDns({
      interface: own?.address ?? '',
      bind: '0.0.0.0',
      port: PORT,
      reuseAddr: true,
    });
    using stack = new DisposableStack();
    stack.defer(() => asker.destroy());
    const heard: unknown[] = [];
    asker.on('response', ({ answers = [] }) =>
      heard.push(
        ...answers.map(({ name, type, ...rest }) => [name, type, 'data' in rest ? rest.data : undefined]),
      ),
    );
    // Names are compared without case (RFC 6762 §16); a question for another name goes first and gets no answer.
    const ask = () => {
      asker.query('somebody-else.local', 'A');
      asker.query('kerbside.local', 'TXT');
      asker.query('Kerbside.Local', 'A');
    };
    await expect
      .poll(
        () => {
          ask();
          return heard.length;
        },
        { interval: 200, timeout: 10_000 },
      )
      .toBeGreaterThan(0);
    expect(new Set(heard.map((one) => JSON.stringify(one)))).toEqual(
      new Set([JSON.stringify(['Kerbside.Local', 'A', own?.address])]),
    );
  });
});

test('who asks from another network gets no answer', () => {
  expect(sameNetwork('192.168.7.9', '192.168.7.20', '255.255.255.0')).toBe(true);
  expect(sameNetwork('192.168.8.9', '192.168.7.20', '255.255.255.0')).toBe(false);
  expect(sameNetwork('192.168.8.9', '192.168.7.20', '255.255.0.0')).toBe(true);
  expect(sameNetwork('10.0.0.1', '169.254.1.1', '255.255.0.0')).toBe(false);
});

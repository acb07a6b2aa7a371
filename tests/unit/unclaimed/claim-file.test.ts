/** claim.yaml of a factory image: what it may say, and what is told of a wrong one, with its place. */
import { relative } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadClaimFile } from '../../../agent/config/claim-file.ts';
import { formatProblem } from '../../../agent/config/problem.ts';
import { seeded } from '../../support/seeded.ts';
import { SiteFolder } from '../config/site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

const KEY = 'keys:\n  - { id: city-1, public: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" }\n';

function read(text: string | Uint8Array, env: NodeJS.ProcessEnv = {}) {
  return loadClaimFile(folder.write('claim.yaml', text), { name: 'unclaimed-4f2a9c', env });
}

async function problems(text: string): Promise<readonly string[]> {
  const result = await read(text);
  if (result.ok) return [];
  return result.problems.map((one) => formatProblem(one, (file) => relative(folder.dir, file)));
}

test('keys are enough: then loopback alone, and no codes', async () => {
  const result = await read(KEY, { STATE_DIRECTORY: '/var/lib/kerbside:/other' });
  expect(result).toEqual({
    ok: true,
    image: {
      keys: [{ id: 'city-1', public: expect.stringMatching(/=$/) }],
      state: '/var/lib/kerbside',
      listen: { host: '127.0.0.1', port: 8080 },
      secrets: [],
    },
  });
});

test('an image may open the service link after power-up, and by nothing else', async () => {
  folder.write('wifi.password', 'lantern-eleven\n');
  const result = await read(
    `${KEY}url: https://units.city.example/c/{code}?h={hardware}\nconsole:\n  listen: "[::1]:8081"\n  service: { lasts: 30min, wifi: { password: "file:wifi.password" }, usb: usb0 }\n`,
  );
  expect(result).toMatchObject({
    ok: true,
    image: {
      url: 'https://units.city.example/c/{code}?h={hardware}',
      listen: { host: '::1', port: 8081 },
      service: {
        ...{ port: 8444, lasts: 1_800_000, powerUp: true, usb: 'usb0' },
        wifi: { ssid: 'unclaimed-4f2a9c', password: 'lantern-eleven' },
      },
      secrets: ['lantern-eleven'],
    },
  });
});

test.each([
  ['', ['claim.yaml:1:1 expected a map']],
  ['keys: []\n', ['claim.yaml:1:1 keys']],
  ['keys:\n  - { id: city-1, public: abc }\n', ['claim.yaml:2:19 keys[0].public: expected an Ed25519']],
  [`${KEY}uri: x\n`, ['claim.yaml:3:1 uri: unknown key "uri"; write url:']],
  [
    `${KEY}url: http://units.example/{code}\n`,
    ['claim.yaml:3:1 url: expected an https address with {code} in it'],
  ],
  [`${KEY}url: https://units.example/\n`, ['claim.yaml:3:1 url: expected']],
  [`${KEY}url: "https://{code}.example/"\n`, ['claim.yaml:3:1 url: expected']],
  [`${KEY}console: { listen: "0.0.0.0:80" }\n`, ['claim.yaml:3:12 console.listen: "0.0.0.0" can be reached']],
  [`${KEY}console: { remote: {} }\n`, ['claim.yaml:3:12 console.remote: unknown key "remote"']],
  [
    `${KEY}console: { service: { button: { device: a, point: b } } }\n`,
    ['claim.yaml:3:23 console.service.button: unknown key "button"'],
  ],
  [
    `${KEY}console: { service: { power_up: false } }\n`,
    ['claim.yaml:3:23 console.service.power_up: nothing else opens the service link; write power_up: true'],
  ],
  [
    `${KEY}console: { service: { wifi: { password: lantern-eleven } } }\n`,
    ['claim.yaml:3:31 console.service.wifi.password: expected a reference to a secret'],
  ],
  [`${KEY}\tx: 1\n`, ['claim.yaml:3:1']],
])('%j is refused with its place', async (text, expected) => {
  const found = await problems(text);
  expect(found).toHaveLength(expected.length);
  for (const [i, one] of expected.entries()) expect(found[i]).toContain(one);
  expect(found.join()).not.toContain('lantern');
});

test('where there is none, that is told', async () => {
  const result = await loadClaimFile('/nowhere/claim.yaml', { name: 'x', env: {} });
  expect(result).toMatchObject({
    ok: false,
    missing: true,
    problems: [{ message: 'there is no such file' }],
  });
});

const INPUTS = Number(process.env.FUZZ_INPUTS ?? 300);
test(`${INPUTS} mutilated files are told or taken, and never throw`, async () => {
  const random = seeded(20270501);
  const right = Buffer.from(
    `${KEY}url: https://units.city.example/c/{code}\nconsole:\n  service: { usb: usb0 }\n`,
  );
  for (let i = 0; i < INPUTS; i++) {
    const bytes = Buffer.from(right);
    for (let n = 0; n < 4; n++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    const result = await read(bytes);
    if (!result.ok) expect(result.problems.length).toBeGreaterThan(0);
  }
});

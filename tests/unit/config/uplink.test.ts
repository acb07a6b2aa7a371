/** Uplinks of a site file: what becomes of their settings, and what is said of wrong ones. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import type { UplinkConfig } from '../../../agent/core/site.ts';
import { MINIMAL, SiteFolder } from './site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

const site = (...lines: string[]) => `${MINIMAL}uplinks:\n  - id: city\n    ${lines.join('\n    ')}\n`;

async function uplink(...lines: string[]): Promise<UplinkConfig | undefined> {
  const result = await folder.load(site(...lines), { env: { TOKEN: 'sesame' } });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.site.uplinks[0];
}

describe('uplinks', () => {
  test('over HTTP have defaults and secrets', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a site file
    expect(await uplink('http: { url: "https://city.example/r", token: "${env:TOKEN}" }')).toEqual({
      id: 'city',
      kind: 'http',
      url: 'https://city.example/r',
      format: 'json',
      compression: 'none',
      token: 'sesame',
      timeout: 30_000,
      inFlight: 4,
      maxBody: 1_048_576,
      replayRate: 2000,
    });
  });

  test('may have their key in a token', async () => {
    const key = `key: { pkcs11: "pkcs11:token=kerbside;object=device", pin: "\${env:TOKEN}", module: /usr/lib/t.so }`;
    const cert = 'cert: file:./device.pem';
    folder.write('device.pem', 'a certificate');
    const tokenKey = { uri: 'pkcs11:token=kerbside;object=device', pin: 'sesame', module: '/usr/lib/t.so' };
    for (const kind of [
      'mqtt: { url: "mqtts://a"',
      'http: { url: "https://a"',
      'sparkplug: { url: "mqtts://a", group: g',
    ]) {
      const settings = await uplink(`${kind}, ${cert}, ${key} }`);
      expect(settings).toMatchObject({ cert: 'a certificate', tokenKey });
      expect(settings).not.toHaveProperty('key');
      expect(settings).not.toHaveProperty('pin');
    }
    const result = await folder.load(site(`mqtt: { url: "mqtts://a", ${cert}, ${key} }`), {
      env: { TOKEN: 'sesame' },
    });
    // So that it is masked wherever it might be written.
    expect(result.ok && result.facts.secrets).toContain('sesame');
  });

  test.each([
    ['key: { pkcs11: "pkcs11:token=k" }', 'key.pkcs11: it has to name the key: object= or id='],
    [
      'key: { pkcs11: "pkcs11:token=k;object=d;pin-value=73519024" }',
      'key.pkcs11: pin-value does not belong',
    ],
    ['key: { pkcs11: device }', 'key.pkcs11: expected a PKCS#11 URI that names token and key, got "device"'],
    [`key: { pin: "\${env:TOKEN}" }`, 'key.pkcs11: missing: expected a PKCS#11 URI'],
    [
      'key: { pkcs11: "pkcs11:token=k;object=d", pin: 73519024 }',
      'key.pin: expected a reference to a secret',
    ],
    [
      `key: { pkcs11: "pkcs11:token=k;object=d", pin: "\${env:NONE}" }`,
      'key.pin: the environment variable NONE is not set',
    ],
    [
      'key: { pkcs11: "pkcs11:token=k;object=d", modul: /x.so }',
      'key.modul: unknown key "modul"; write module:',
    ],
    [
      'key: { pkcs11: "pkcs11:token=k;object=d", module: x.so }',
      'key.module: a library is named by its whole path',
    ],
    ['key: 73519024', 'key: expected a reference to a secret'],
  ])('a key that cannot be: %s', async (key, message) => {
    const text = site(`mqtt: { url: "mqtts://a", cert: file:./device.pem, ${key} }`);
    folder.write('device.pem', 'a certificate');
    const problems = await folder.problems(text, { env: { TOKEN: 'sesame' } });
    expect(problems.length).toBe(1);
    expect(problems[0]).toMatch(/^site\.yaml:9:\d+ uplinks\[0\]\.mqtt\./);
    expect(problems[0]).toContain(message);
    expect(problems[0]).not.toContain('73519024');
  });

  test('over MQTT have one broker or several, of either family of addresses', async () => {
    const settings = await uplink('mqtt: { urls: ["mqtt://[::1]:1883", "mqtt://10.0.0.2", "mqtt://b"] }');
    expect(settings).toMatchObject({
      url: 'mqtt://[::1]:1883',
      fallbacks: ['mqtt://10.0.0.2', 'mqtt://b'],
    });
    expect(await uplink('mqtt: { urls: ["mqtt://a"] }')).not.toHaveProperty('fallbacks');
  });

  test.each([
    'mqtt: { url: "mqtt://a" }',
    'mqtt: { url: "mqtt://a", preset: plain }',
    'http: { url: "https://a", format: columns }',
  ])('send rollups with %s', async (kind) => {
    expect(await uplink('select: [{ point: power, send: rollup, every: 1d }]', kind)).toMatchObject({
      select: [{ point: 'power', send: 'rollup', every: 86_400_000 }],
    });
  });

  test('of Sparkplug are an edge node with the id of the agent', async () => {
    expect(
      await uplink('sparkplug: { urls: ["mqtt://a", "mqtts://b"], group: city, primary_host: scada }'),
    ).toEqual({
      id: 'city',
      kind: 'sparkplug',
      url: 'mqtt://a',
      fallbacks: ['mqtts://b'],
      primaryHost: 'scada',
      clientId: 'pole-0817-spb',
      keepAlive: 30_000,
      group: 'city',
      node: 'pole-0817',
      hostWait: 30_000,
      aliases: true,
      types: false,
      rebirthEvery: 5000,
      commandLife: 60_000,
      inFlight: 16,
      maxMessage: 131_072,
      replayRate: 2000,
    });
  });

  test('select what leaves', async () => {
    const settings = await uplink(
      'select: [{ lanes: [meter, alarm] }, { class: lamp*, send: changes, deadband: 0.5 }, { device: x, send: none }]',
      'mqtt: { url: "mqtt://a" }',
    );
    expect(settings?.select).toEqual([
      { lanes: ['meter', 'alarm'], send: 'all' },
      { class: 'lamp*', send: 'changes', deadband: 0.5 },
      { device: 'x', send: 'none' },
    ]);
  });

  test('call things as their platform does', async () => {
    const settings = await uplink(
      'names: [{ device: meter, device_as: EM }, { point: power*, point_as: "P-{point}", unit: kW }]',
      'mqtt: { url: "mqtt://a" }',
    );
    expect(settings).toMatchObject({
      names: [
        { device: 'meter', deviceAs: 'EM' },
        { point: 'power*', pointAs: 'P-{point}', unit: 'kW' },
      ],
    });
  });

  test.each([
    [
      'a rate without a period',
      ['select: [{ send: every }]', 'mqtt: { url: "mqtt://a" }'],
      'uplinks[0].select[0].every: missing: send: every needs a period; write every: 1min',
    ],
    [
      'a period without a rate',
      ['select: [{ every: 1min }]', 'mqtt: { url: "mqtt://a" }'],
      'uplinks[0].select[0].every: a period needs send: every; write send: every',
    ],
    [
      'a rule that names nothing',
      ['names: [{ device: x }]', 'mqtt: { url: "mqtt://a" }'],
      'uplinks[0].names[0].point_as: missing: the rule names nothing; write device_as, point_as or unit',
    ],
    [
      'a device named by a rule for points',
      ['names: [{ point: power, device_as: x }]', 'mqtt: { url: "mqtt://a" }'],
      'uplinks[0].names[0].device_as: a rule for points cannot name a device',
    ],
    [
      'a name that no topic of payload v1 can hold',
      ['names: [{ point: power, point_as: "a/b" }]', 'mqtt: { url: "mqtt://a" }'],
      'uplinks[0].names[0].point_as: expected letters, digits, _ and -',
    ],
    [
      'a device of Sparkplug with a separator',
      ['names: [{ device: x, device_as: "a/b" }]', 'sparkplug: { url: "mqtt://a", group: g }'],
      'uplinks[0].names[0].device_as: expected a name without /, + and #',
    ],
    [
      'a deadband without changes',
      ['select: [{ point: power, deadband: 1 }]', 'mqtt: { url: "mqtt://a" }'],
      'uplinks[0].select[0].deadband: a deadband needs send: changes; write send: changes',
    ],
    [
      'rollups without a length',
      ['select: [{ send: rollup }]', 'mqtt: { url: "mqtt://a" }'],
      'uplinks[0].select[0].every: missing: send: rollup needs a period; write every: 1min',
    ],
    [
      'rollups of a length that there is not',
      ['select: [{ send: rollup, every: 5min }]', 'mqtt: { url: "mqtt://a" }'],
      'uplinks[0].select[0].every: expected the length of a bucket: 1min, 15min, 1h or 1d; write every: 15min',
    ],
    ...[
      'sparkplug: { url: "mqtt://a", group: g }',
      'mqtt: { url: "mqtt://a", preset: home-assistant }',
      'http: { url: "http://a", format: influx }',
    ].map((kind): [string, string[], string] => [
      `rollups with ${kind}`,
      ['select: [{ send: rollup, every: 1h }]', kind],
      'uplinks[0].select[0].send: rollups leave with mqtt (preset plain) and http (format json or columns) alone; write send: every, or use one of those',
    ]),
    [
      'two kinds',
      ['mqtt: { url: "mqtt://a" }', 'http: { url: "http://a" }'],
      'uplinks[0].http: an uplink has one kind, got two; make two uplinks of it',
    ],
    [
      'no broker',
      ['mqtt: {}'],
      'uplinks[0].mqtt.url: missing: expected the address of a broker; write url: mqtts://…',
    ],
    [
      'url and urls',
      ['mqtt: { url: "mqtt://a", urls: ["mqtt://b"] }'],
      'uplinks[0].mqtt.urls: an uplink has either url or urls, got both; remove one of them',
    ],
    [
      'TLS settings with one broker without TLS',
      ['mqtt: { urls: ["mqtts://a", "mqtt://b"], ca: file:./site.yaml }'],
      'uplinks[0].mqtt.ca: ca needs a TLS connection, got "mqtt://b" as url; write url: mqtts://…',
    ],
    [
      'two ways to log in',
      ['http: { url: "http://a", username: u, token: file:./site.yaml }'],
      'uplinks[0].http.token: an uplink has either token or username, got both; remove one of them',
    ],
    [
      'a group that is more than a level of a topic',
      ['sparkplug: { url: "mqtt://a", group: "city/north" }'],
      'uplinks[0].sparkplug.group: expected a text of 1 to 128 characters without /, + and #, got "city/north"; write group: city-north',
    ],
    [
      'an edge node without a group',
      ['sparkplug: { url: "mqtt://a" }'],
      'uplinks[0].sparkplug.group: missing',
    ],
    [
      'TLS settings of an edge node without TLS',
      ['sparkplug: { url: "mqtt://a", group: g, ca: file:./site.yaml }'],
      'uplinks[0].sparkplug.ca: ca needs a TLS connection, got "mqtt://a" as url; write url: mqtts://…',
    ],
    [
      'a literal token',
      ['http: { url: "http://a", token: hunter2 }'],
      'uplinks[0].http.token: expected a reference to a secret',
    ],
  ])('%s', async (_, lines, expected) => {
    const problems = await folder.problems(site(...lines));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(expected);
    expect(problems[0]).not.toContain('hunter2');
  });
});

test.each([
  ['docs/uplinks.md', 5],
  ['docs/uplinks/sparkplug.md', 1],
])('every example of %s is right', async (path, least) => {
  const page = readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
  const examples = Array.from(page.matchAll(/```yaml\n([\s\S]*?)```/g), ([, text]) => text ?? '');
  expect(examples.length).toBeGreaterThanOrEqual(least);
  for (const example of examples) {
    expect(await folder.problems(`${MINIMAL}${example}`, { secrets: 'skip' }), example).toEqual([]);
  }
});

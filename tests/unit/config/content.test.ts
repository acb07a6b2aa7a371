/** Content of a site file: what becomes of its settings, and what is said of wrong ones. */
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { compare } from '../../../agent/config/compare.ts';
import { SiteFolder, STREET } from './site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

const KEY = `${'A'.repeat(43)}=`;
const site = (content: string) => `${STREET}content:\n  keys: [{ id: city, public: "${KEY}" }]\n${content}`;

async function load(text: string, env = {}) {
  const result = await folder.load(text, { env });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result;
}

describe('content', () => {
  test('is none where none is written', async () => {
    expect((await load(STREET)).site.content).toBeUndefined();
  });

  test('has its sources with absolute paths and resolved secrets, which the log masks', async () => {
    folder.write('ca.pem', 'PEM\n');
    const { site: loaded, facts } = await load(
      site(`  folder: ./content
  https: [{ url: "https://city.example/pack", ca: "file:ca.pem", token: "\${env:WORD}" }]
  mqtt: { url: "mqtts://broker.example", password: "\${env:PASS}" }
  media: { folder: ./media, budget: 10MB }
  feeds: [{ id: cma, kind: warnings, form: cap, url: "https://alerts.example/cap", source: { zh: 气象台 }, areas: ["370303"] }]
  measured: [{ kind: temperature, device: meter-1, point: frequency }]
`),
      { WORD: 'token-word', PASS: 'pass-word' },
    );
    expect(loaded.content).toEqual({
      keys: [{ id: 'city', public: KEY }],
      folder: join(folder.dir, 'content'),
      https: [{ url: 'https://city.example/pack', every: 60_000, ca: 'PEM', token: 'token-word' }],
      mqtt: {
        url: 'mqtts://broker.example',
        topics: ['kerbside/content/#'],
        clientId: 'pole-0817-content',
        password: 'pass-word',
      },
      media: { folder: join(folder.dir, 'media'), budget: 10 * 1024 ** 2 },
      feeds: [
        {
          id: 'cma',
          kind: 'warnings',
          form: 'cap',
          url: 'https://alerts.example/cap',
          every: 600_000,
          source: { 'zh-CN': '气象台' },
          areas: ['370303'],
        },
      ],
      measured: [{ kind: 'temperature', device: 'meter-1', point: 'frequency' }],
    });
    expect(facts.secrets).toEqual(expect.arrayContaining(['token-word', 'pass-word', 'PEM']));
  });

  test.each([
    ['  https: [{ url: "http://city.example/pack" }]', 'content.https[0].url: expected a URL with https://'],
    ['  https: [{ url: "https://city.example/", token: abc }]', 'expected a reference to a secret'],
    [`  https: [{ url: "https://city.example/", token: "\${env:NONE}" }]`, 'NONE is not set'],
    ['  mqtt: { url: "mqtt://b", topics: ["a/#/b"] }', 'content.mqtt.topics[0]: expected an MQTT topic'],
    [
      '  feeds: [{ id: a, kind: weather, form: cap, url: "https://x.example/", source: { en: X } }]',
      'CAP tells warnings, not weather; write form: json',
    ],
    ['  feeds: [{ id: a, kind: weather, url: "https://x.example/" }]', 'content.feeds[0].source'],
    [
      '  measured: [{ kind: noise, device: metre-1, point: x }]',
      'there is no device "metre-1"; write device: meter-1',
    ],
    ['  measured: [{ kind: noise, device: meter-1, point: frequenzy }]', 'write point: frequency'],
  ])('%s is told', async (text, message) => {
    expect((await folder.problems(site(`${text}\n`))).join('\n')).toContain(message);
  });

  test('a key that is none is told, and so is one that stands there twice', async () => {
    const problems = await folder.problems(
      `${STREET}content: { keys: [{ id: a, public: "short" }, { id: b, public: "${KEY}" }] }\n`,
    );
    expect(problems.join('\n')).toContain('content.keys[0].public: expected an Ed25519 public key');
    const twice = await folder.problems(
      `${STREET}content: { keys: [{ id: a, public: "${KEY}" }, { id: a, public: "${KEY}" }] }\n`,
    );
    expect(twice.join('\n')).toContain('content.keys[1].id: the id "a" is taken by keys[0]');
  });

  test('changes by itself: nothing else restarts', async () => {
    const before = (await load(site(''))).site;
    const after = (await load(site('  folder: ./content\n'))).site;
    expect(compare(before, after)).toEqual([{ part: 'content', change: 'changed' }]);
  });
});

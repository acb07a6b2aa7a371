/** Feeds of a sign in the site file: what becomes of them, and what is said of wrong ones. */
import { afterAll, describe, expect, test } from 'vitest';
import { SiteFolder, STREET } from './site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

const site = (feeds: string) => `${STREET}sign:\n  id: s\n  stops: ["1"]\n  feeds: ${feeds}\n`;

describe('feeds of the sign', () => {
  test('have their settings and defaults', async () => {
    const result = await folder.load(
      site(
        '[{ id: a, format: gtfs-rt, datum: wgs84, http: { url: "https://x.example/a.pb" } }, { id: b, format: gps-json, datum: gcj02, mqtt: { url: "mqtts://x.example", topics: [bus/gps] }, lines: { "7": L7 } }, { id: c, format: gps-json, datum: bd09, listen: { at: "127.0.0.1:0" } }]',
      ),
    );
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    expect(result.site.sign?.feeds).toMatchObject([
      {
        id: 'a',
        alerts: true,
        via: { kind: 'http', every: 15_000, timeout: 10_000 },
        maxBytes: 8 * 1024 ** 2,
        lateAfter: 90_000,
        frozenAfter: 120_000,
      },
      {
        id: 'b',
        alerts: false,
        datum: 'gcj02',
        via: { kind: 'mqtt', topics: ['bus/gps'] },
        names: { lines: { 7: 'L7' } },
      },
      { id: 'c', alerts: false, via: { kind: 'listen', host: '127.0.0.1', port: 0 } },
    ]);
    expect(result.site.sign?.feeds[1]?.via).toMatchObject({ clientId: `${result.site.agent.id}-b` });
  });

  test.each([
    ['[{ id: a, format: gtfs-rt, http: { url: "https://x" } }]', 'datum'],
    ['[{ id: a, format: gtfs-rt, datum: wgs84 }]', 'expected http:, mqtt: or listen:'],
    [
      '[{ id: a, format: gtfs-rt, datum: wgs84, http: { url: "http://x.example" } }]',
      'without TLS anybody on the way can move buses, got',
    ],
    [
      '[{ id: a, format: gtfs-rt, datum: wgs84, alerts: true, http: { url: "http://x.example", plain: true } }]',
      'texts are taken over verified TLS only',
    ],
    [
      '[{ id: a, format: gtfs-rt, datum: wgs84, alerts: true, mqtt: { url: "mqtts://x", topics: [a] } }]',
      'texts are taken over verified TLS from an address named here only',
    ],
    [
      '[{ id: a, format: gps-json, datum: wgs84, alerts: true, http: { url: "https://x" } }]',
      'gps-json has no alerts',
    ],
    [
      '[{ id: a, format: siri-sm, datum: wgs84, mqtt: { url: "mqtts://x", topics: [a] } }]',
      'siri-sm is asked for by http',
    ],
    [
      '[{ id: a, format: gps-json, datum: wgs84, listen: { at: "0.0.0.0:9100" } }]',
      'can be reached from elsewhere',
    ],
    [
      '[{ id: a, format: gps-json, datum: wgs84, listen: { at: "127.0.0.1:1" } }, { id: a, format: gps-json, datum: wgs84, listen: { at: "127.0.0.1:2" } }]',
      'the id "a" is taken',
    ],
  ])('%s is told', async (feeds, message) => {
    expect((await folder.problems(site(feeds))).join('\n')).toContain(message.replace(', got', ''));
  });

  test('alerts come in the clear from loopback only where that is said', async () => {
    const result = await folder.load(
      site(
        '[{ id: a, format: gtfs-rt, datum: wgs84, alerts: true, http: { url: "http://127.0.0.1:9", plain: true } }]',
      ),
    );
    expect(result.ok && result.site.sign?.feeds[0]?.alerts).toBe(true);
  });
});

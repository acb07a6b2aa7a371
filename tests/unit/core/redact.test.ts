/** Redaction: what is seeded is not found again, in any of the forms it may take. */
import { describe, expect, test } from 'vitest';
import { RecentLog } from '../../../agent/core/recent-log.ts';
import { redactedJson, redactor } from '../../../agent/core/redact.ts';

const PEM = '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n';
const SECRETS = ['tropfen&stein', 'a "quoted" one', PEM];

describe('redaction', () => {
  const redact = redactor(SECRETS);

  test('known secrets, as they are, in JSON and in addresses', () => {
    const forms = [
      'password is tropfen&stein.',
      JSON.stringify({ note: 'a "quoted" one', pem: PEM }),
      `https://x.example/?t=${encodeURIComponent('tropfen&stein')}`,
    ].join('\n');
    const safe = redact(forms);
    for (const secret of ['tropfen', 'quoted', 'MC4CAQ']) expect(safe).not.toContain(secret);
    expect(safe).toContain('password is ***.');
  });

  test('what looks like one, known or not', () => {
    const yaml = [
      'url: mqtts://kerbside:hunter2@broker.example:8883/x',
      'password: hunter2',
      "  api_token: 'hunter2'",
      '  - secret: hunter2',
      '"community": "hunter2"',
      'Authorization: Bearer hunter2hunter2',
      `ca: |\n  ${PEM}`,
      PEM.replace('PRIVATE', 'RSA PRIVATE').slice(0, 60),
    ].join('\n');
    const safe = redact(yaml);
    expect(safe).not.toContain('hunter2');
    expect(safe).not.toContain('MC4C');
    expect(safe).toContain('mqtts://***@broker.example:8883/x');
  });

  test('references, ids and public halves stay, for they explain something', () => {
    const text = [
      `password: \${env:CITY_PASSWORD}`,
      'key: file:./client.key',
      'id: meter-1',
      'public: "abc="',
      'keys:',
      '  - { id: city }',
    ].join('\n');
    expect(redact(text)).toBe(text);
  });

  test('values of JSON by the name of their key, short ones too', () => {
    const site = {
      uplinks: [{ id: 'city', username: 'u', password: 'x1', key: PEM }],
      fleet: { keys: [{ id: 'k', public: 'abc' }] },
      port: 1,
    };
    const safe = JSON.parse(redactedJson(site, redact));
    expect(safe).toEqual({
      uplinks: [{ id: 'city', username: 'u', password: '***', key: '***' }],
      fleet: { keys: [{ id: 'k', public: 'abc' }] },
      port: 1,
    });
  });

  test('without secrets nothing else is touched', () => {
    const text = JSON.stringify({
      level: 'info',
      event: 'part.changed',
      message: 'no answer within 300 ms',
      part: 'device:meter-1',
    });
    expect(redactor([])(text)).toBe(text);
  });
});

test('the newest lines of the log are kept, within bounds', () => {
  const log = new RecentLog();
  for (let i = 0; i < 5000; i++) log.add(`${i}\n`);
  expect(log.text().split('\n').length).toBe(2001);
  expect(log.text().startsWith('3000\n')).toBe(true);
  for (let i = 0; i < 10; i++) log.add('x'.repeat(200_000));
  expect(log.text().length).toBeLessThanOrEqual(512 * 1024);
});

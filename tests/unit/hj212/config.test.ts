/** An environment centre in a site file: defaults, and what is said of wrong settings. */
import { afterAll, describe, expect, test } from 'vitest';
import type { UplinkConfig } from '../../../agent/core/site.ts';
import { SiteFolder, STREET } from '../config/site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

const POINT = '{ device: meter-1, point: voltage-l1, factor: x1, unit: V }';
const site = (settings: string) =>
  `${STREET.replace(/\nuplinks:[\s\S]*?(?=\n\S|$)/, '')}\nuplinks:\n  - id: bureau\n    hj212: { ${settings} }\n`;

async function uplink(settings: string): Promise<UplinkConfig | undefined> {
  const result = await folder.load(site(settings), { env: { PW: '123456', SM4: '0123456789abcdef' } });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.site.uplinks[0];
}

describe('an environment centre', () => {
  test('has defaults, and codes that YAML would take for numbers', async () => {
    expect(
      await uplink(
        `url: "tcp://10.0.0.2:5000", edition: 2017, mn: "88888880000001234567", password: "\${env:PW}", st: 39, points: [${POINT}]`,
      ),
    ).toEqual({
      id: 'bureau',
      kind: 'hj212',
      urls: ['tcp://10.0.0.2:5000'],
      edition: '2017',
      mn: '88888880000001234567',
      password: '123456',
      st: '39',
      crc: '212',
      points: [{ device: 'meter-1', point: 'voltage-l1', factor: 'x1', unit: 'V' }],
      realTime: 60_000,
      minute: 600_000,
      hour: true,
      day: true,
      acknowledge: true,
      timeout: 10_000,
      resends: 3,
      heartbeat: 0,
      flags: true,
      validShare: 0.75,
      validMinutes: 45,
      validHours: 20,
      backlogAge: 30 * 86_400_000,
      clock: 'refuse',
      actions: {},
      inFlight: 4,
      replayRate: 0,
    });
    expect(
      await uplink(`urls: ["tcp://a:1", "tcp://b:2"], edition: "2005", mn: "1", points: [${POINT}]`),
    ).toMatchObject({
      urls: ['tcp://a:1', 'tcp://b:2'],
      edition: '2005',
      flags: false,
    });
  });

  test.each([
    [
      'no number',
      `url: "tcp://a:1", edition: 2017, points: [${POINT}]`,
      'mn: missing: a centre of 2017 gives no number',
    ],
    [
      'no address',
      `edition: 2025, points: [${POINT}]`,
      'url: missing: expected the address of a centre; write url: tcp://…',
    ],
    [
      'a wrong interval',
      `url: "tcp://a:1", edition: 2025, minute: 7min, points: [${POINT}]`,
      'minute: expected 0min or one of 1min',
    ],
    [
      'a point that is not there',
      'url: "tcp://a:1", edition: 2025, points: [{ device: meter-1, point: voltage-l9, factor: x1 }]',
      'points[0].point: there is no point of meter-1 voltage-l9',
    ],
    [
      'a unit that does not convert',
      'url: "tcp://a:1", edition: 2025, points: [{ device: meter-1, point: voltage-l1, factor: x1, unit: ug/m3 }]',
      'points[0].unit: conversion of V to ug/m3 failed',
    ],
    [
      'a key in 2017',
      `url: "tcp://a:1", edition: 2017, mn: "1", key: "\${env:SM4}", points: [${POINT}]`,
      'key: edition 2017 knows no encryption',
    ],
    [
      'a password in clear',
      `url: "tcp://a:1", edition: 2025, password: "123456", points: [${POINT}]`,
      'password: expected a reference',
    ],
  ])('is refused with %s', async (_, settings, message) => {
    const result = await folder.load(site(settings), { env: { PW: '1', SM4: 'k' } });
    expect(result.ok).toBe(false);
    if (!result.ok) {
      const lines = result.problems.map(({ path, message: text, fix }) => `${path}: ${text}; ${fix}`);
      expect(lines).toEqual([expect.stringContaining(message)]);
    }
  });
});

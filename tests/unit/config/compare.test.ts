/** Which parts differ, so that only they restart. */
import { afterAll, describe, expect, test } from 'vitest';
import { compare } from '../../../agent/config/compare.ts';
import { SiteFolder, STREET } from './site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

const FULL = `${STREET}  - { id: meter-2, line: rs485-1, profile: eastron-sdm120, address: 2 }
cameras: [{ id: c, source: "http://10.0.0.9/a.jpg" }]
uplinks: [{ id: city, mqtt: { url: "mqtt://127.0.0.1" } }]
`;

async function site(text: string) {
  const result = await folder.load(text);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.site;
}

describe('two sites', () => {
  test.each([
    ['the same', (text: string) => text, []],
    ['a comment', (text: string) => `# hello\n${text}`, []],
    [
      'a device',
      (text: string) => text.replace('address: 2', 'address: 3'),
      [{ part: 'device', id: 'meter-2', change: 'changed' }],
    ],
    [
      'one renamed',
      (text: string) => text.replace('id: meter-2', 'id: meter-3'),
      [
        { part: 'device', id: 'meter-2', change: 'removed' },
        { part: 'device', id: 'meter-3', change: 'added' },
      ],
    ],
    [
      'a line',
      (text: string) => text.replace('ttyUSB0', 'ttyUSB1'),
      [{ part: 'line', id: 'rs485-1', change: 'changed' }],
    ],
    [
      'a camera gone',
      (text: string) => text.replace(/cameras:.*\n/, ''),
      [{ part: 'camera', id: 'c', change: 'removed' }],
    ],
    [
      'an uplink',
      (text: string) => text.replace('mqtt://127.0.0.1', 'mqtt://127.0.0.2'),
      [{ part: 'uplink', id: 'city', change: 'changed' }],
    ],
    ['the log', (text: string) => `${text}log: { window: 1s }\n`, [{ part: 'log', change: 'changed' }]],
    ['the state folder', (text: string) => `${text}state: ./other\n`, [{ part: 'agent', change: 'changed' }]],
    ['Node-RED', (text: string) => `${text}node_red: {}\n`, [{ part: 'node-red', change: 'changed' }]],
    ['the place', (text: string) => text.replace('31.2304', '31.2'), [{ part: 'site', change: 'changed' }]],
  ])('%s', async (_, change, expected) => {
    expect(compare(await site(FULL), await site(change(FULL)))).toEqual(expected);
  });
});

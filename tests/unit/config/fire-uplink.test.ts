/** The block `gb26875` of a site file, and the line that a panel calls. */
import { afterAll, expect, test } from 'vitest';
import { MINIMAL, SiteFolder } from './site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

const site = (block: string) => `${MINIMAL}lines:
  - { id: fire, listen: "127.0.0.1:5200", transport: tcp }
  - { id: rs485, port: /dev/ttyTest }
devices:
  - { id: panel, line: fire, profile: generic-gb26875-panel, silence: 60000 }
  - { id: feeder, line: rs485, address: 1, profile: eastron-sdm630 }
uplinks:
  - id: fire-centre
    gb26875: ${block}
`;

const BLOCK = 'server: "10.0.0.20:5200", source: 889, centre: 88888';

test('has the norm’s figures where nothing is said, and selects what it forwards', async () => {
  const points =
    '[{ device: feeder, point: current-l1, system: { type: 1, address: 1 }, part: { type: 16, address: 9 }, analogue: { type: 9 } }]';
  const result = await folder.load(
    site(
      `{ ${BLOCK}, devices: [panel], points: ${points}, duty_check: { device: panel, point: duty-check } }`,
    ),
  );
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  expect(result.site.lines[0]).toMatchObject({ kind: 'caller', transport: 'tcp' });
  expect(result.site.devices[0]?.options).toEqual({ silence: 60_000 });
  expect(result.site.uplinks[0]).toEqual({
    id: 'fire-centre',
    kind: 'gb26875',
    select: [
      { device: 'panel', send: 'all' },
      { device: 'feeder', point: 'current-l1', send: 'all' },
    ],
    host: '10.0.0.20',
    port: 5200,
    transport: 'tcp',
    source: 889,
    centre: 88_888,
    userVersion: 1,
    forward: [{ device: 'panel', points: ['event', 'value'] }],
    points: [
      {
        device: 'feeder',
        point: 'current-l1',
        system: { type: 1, address: 1 },
        part: { type: 16, address: 9 },
        state: 1,
        analogue: { type: 9 },
      },
    ],
    types: {},
    heartBeat: 20_000,
    timeout: 5000,
    resends: 3,
    retry: 5000,
    analogueEvery: 60_000,
    dutyCheck: { device: 'panel', point: 'duty-check' },
    operator: 1,
    clock: 'untrusted',
    version: '1.0',
    configuration: 'Kerbside',
    inFlight: 16,
    replayRate: 0,
  });
});

test.each([
  ['devices: [pannel]', 'there is no device "pannel"; write device: panel'],
  ['devices: [feeder]', 'feeder does not speak GB/T 26875.3 itself; name its points below points: instead'],
  [
    'points: [{ device: feeder, point: curent-l1, system: { type: 1, address: 1 } }]',
    'write point: current-l1',
  ],
  [
    'points: [{ device: feeder, point: current-l1, system: { type: 1, address: 1 }, analogue: { type: 9 } }]',
    'missing: an analogue is of a part',
  ],
  ['types: { 12: analogue }', 'gb26875.types'],
  ['transport: tls', 'expected'],
  ['timeout: 0s', 'expected'],
])('says what is wrong with %s', async (key, message) => {
  expect((await folder.problems(site(`{ ${BLOCK}, ${key} }`))).join('\n')).toContain(message);
});

test('an option of the driver that is none is told with its place', async () => {
  const wrong = site(`{ ${BLOCK} }`).replace('silence: 60000', 'silence: 5');
  expect((await folder.problems(wrong)).join('\n')).toMatch(/devices\[0\]\.silence/);
});

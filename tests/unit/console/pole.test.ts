/** The pole over the API: every device by what it is for, dangers first, with the points that say most. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { POLE_GROUPS } from '../../../agent/console/api/pole-contract.ts';
import type { Description } from '../../../agent/core/site.ts';
import { profileFiles } from '../drivers/load.ts';
import { openConsole, type TestConsole } from './open-console.ts';

let console_: TestConsole;
let viewer: Record<string, string>;

beforeAll(async () => {
  console_ = await openConsole();
  viewer = await console_.login('viewer');
});
afterAll(() => console_[Symbol.asyncDispose]());

const pole = async () => {
  const answer = await console_.ask('/api/v1/pole', { headers: viewer });
  expect(answer.status).toBe(200);
  return JSON.parse(answer.text);
};

test('groups what stands there, and tells the tenants with their meters', async () => {
  const { groups, tenants } = await pole();
  const order = groups.map(({ group }: { group: string }) => group);
  expect(order).toEqual(POLE_GROUPS.filter((group) => order.includes(group)));
  expect(tenants).toEqual([
    {
      tenant: 'cell',
      title: { en: '5G cell', zh: '基站' },
      meters: [{ device: 'meter-feeder', point: 'energy-import', share: 0.5 }],
    },
  ]);
});

test('every fire panel, flood gauge, charger, lamp and weather station there is a profile of has its place', async () => {
  const described = profileFiles().map(({ stem, profile }) => {
    const points = profile.points.map(({ wire: _, every: __, ...point }) => point);
    const description: Description = {
      device: stem,
      title: profile.title,
      class: profile.class,
      brand: '',
      model: '',
      points,
    };
    return { hash: stem, description };
  });
  const { agent } = console_;
  const before = agent.descriptions;
  agent.descriptions = () => described;
  try {
    const { groups } = await pole();
    const of = (name: string): readonly { device: string; points: readonly string[] }[] =>
      groups.find(({ group }: { group: string }) => group === name)?.devices ?? [];
    const ids = (name: string) => of(name).map(({ device }) => device);
    expect(ids('fire')).toEqual(expect.arrayContaining(['gst-gst9000', 'crowcon-xgardiq']));
    expect(ids('flood')).toEqual(expect.arrayContaining(['generic-flood-gauge', 'milesight-em300-sld']));
    expect(ids('charger')).toEqual(
      expect.arrayContaining(['abb-terra-ac', 'keba-p30', 'generic-ocpp16-charger']),
    );
    expect(ids('environment')).toEqual(expect.arrayContaining(['renke-500-series', 'plantower-pms5003']));
    expect(ids('screen')).toEqual(
      expect.arrayContaining(['generic-modbus-text-panel', 'kerbside-text-panel', 'generic-modbus-speaker']),
    );
    const charger = of('charger').find(({ device }) => device === 'generic-ocpp16-charger');
    expect(charger?.points.slice(0, 3)).toEqual(['status', 'connected', 'session-active']);
    for (const { devices } of groups) {
      for (const one of devices) {
        expect(one.points.length).toBeGreaterThan(0);
        expect(one.points.length).toBeLessThanOrEqual(6);
      }
    }
  } finally {
    agent.descriptions = before;
  }
});

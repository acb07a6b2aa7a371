/** A report of a commissioning as data, with names that try to be markup. */
import type { AcceptanceActs, AcceptanceReport, AcceptanceTest } from '../../agent/core/acceptance.ts';
import { AgentError } from '../../agent/core/errors.ts';

/** Unix epoch ms. */
const AT = Date.UTC(2026, 10, 28, 3);

export const TESTS: readonly AcceptanceTest[] = [
  { id: 'sos.sos', kind: 'sos', title: { en: 'Help button', zh: '求助按钮' }, state: 'not-done', facts: [] },
  {
    id: 'lamp.lamp-1',
    kind: 'lamp',
    title: { en: 'Lamp lamp-1', zh: '灯 lamp-1' },
    state: 'passed',
    begun: AT,
    ended: AT + 20_000,
    by: 'console:technician',
    name: 'Li Wei',
    facts: [
      { what: 'level', of: '50 %', value: 50, unit: '%' },
      { what: 'power', of: '50 %', value: 61.5, unit: 'W' },
      { what: 'returned', value: true },
    ],
  },
  {
    id: 'uplink.city',
    kind: 'uplink',
    title: { en: 'Uplink city' },
    state: 'failed',
    begun: AT,
    ended: AT + 45_000,
    by: 'console:technician',
    facts: [{ what: 'record', of: 'event', value: 17 }],
    fault: 'not-acknowledged',
    detail: 'broker <b>gone</b>',
  },
];

export const REPORT: AcceptanceReport = {
  v: 1,
  site: {
    id: 'demo-street',
    title: { en: 'Corner <script>alert(1)</script>', zh: '街角' },
    timezone: 'Asia/Shanghai',
    position: { lat: 31.2304, lon: 121.4737, datum: 'WGS84' },
  },
  agent: 'pole-0817',
  made: AT + 60_000,
  by: 'console:technician',
  name: 'Li "Wei" & co',
  versions: { kerbside: '0.1.0', node: 'v24.21.0', system: 'linux 6.1 arm64', models: [] },
  revision: '9f2c',
  devices: [
    {
      device: 'meter-feeder',
      title: { en: 'Feeder meter', zh: '进线电表' },
      brand: 'Eastron',
      model: 'SDM630',
      line: 'rs485-1',
      address: 1,
      profile: 'eastron-sdm630',
      hash: 'aa11',
      points: [
        {
          point: 'voltage',
          title: { en: 'Voltage', zh: '电压' },
          unit: 'V',
          decimals: 1,
          value: 230.14,
          quality: 'good',
          time: AT,
        },
        {
          point: 'current',
          title: { en: 'Current' },
          unit: 'A',
          value: null,
          quality: 'bad',
          reason: 'timeout',
          time: AT,
        },
        { point: 'never', title: { en: 'Energy' }, unit: 'kW.h', value: null },
        {
          point: 'door',
          title: { en: 'Door', zh: '门' },
          unit: '1',
          states: { true: { en: 'open', zh: '开' }, false: { en: 'shut', zh: '关' } },
          value: false,
          quality: 'good',
          time: AT,
        },
      ],
    },
  ],
  uplinks: [{ uplink: 'city', connected: true, stored: 120, acknowledged: 110, backlog: 10 }],
  tests: TESTS,
};

export interface AcceptanceData extends AcceptanceActs {
  readonly asked: string[];
}

export function acceptanceData(): AcceptanceData {
  const asked: string[] = [];
  return {
    asked,
    tests: () => TESTS,
    async begin(id, by, name) {
      const test = TESTS.find((one) => one.id === id);
      if (test === undefined) throw new AgentError('not-found', `there is no test ${id} on this site`);
      asked.push(`${id} ${by} ${name ?? ''}`.trim());
      return { ...test, state: 'running', by, facts: [] };
    },
    report: async (by, name) => ({ ...REPORT, by, ...(name === undefined ? {} : { name }) }),
  };
}

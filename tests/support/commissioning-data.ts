/** Commissioning as data, for tests of what stands on it: two ports, and a scan that found a meter and something unknown. */
import type { Commissioning, ScanState } from '../../agent/core/commissioning.ts';
import type { ConfigChange } from '../../agent/core/config-change.ts';
import { AgentError } from '../../agent/core/errors.ts';

export const SCAN = 'abc123';

export interface CommissioningData extends Commissioning {
  /** Sets what the scan is and tells of it. */
  set(change: Partial<ScanState>): void;
  /** What was asked for, one line each. */
  readonly asked: string[];
  /** What is wrong with what is to be saved. */
  problems: { readonly key?: string; readonly message: string }[];
}

/** Unix epoch ms. */
const AT = Date.UTC(2026, 10, 28);

export function commissioningData(): CommissioningData {
  const listeners = new Set<(scan: ScanState) => void>();
  const asked: string[] = [];
  let scans: readonly ScanState[] = [
    {
      id: SCAN,
      port: '/dev/ttyUSB1',
      thorough: false,
      phase: 'ended',
      by: 'console:technician',
      started: AT,
      ended: AT,
      step: 15,
      steps: 15,
      left: 0,
      noise: ['19200 8E1'],
      found: [
        {
          key: 'unit-7',
          address: 7,
          setting: '9600 8N1',
          candidates: [
            {
              profile: 'eastron-sdm120',
              title: { en: 'Single-phase meter', zh: '单相电表' },
              brand: 'Eastron',
              model: 'SDM120',
              by: 'register',
              points: 2,
              of: 2,
            },
          ],
          says: 'Eastron SDM120',
          id: 'sdm120-7',
          profile: 'eastron-sdm120',
          values: [
            {
              point: 'voltage-l1',
              title: { en: 'Voltage', zh: '电压' },
              unit: 'V',
              decimals: 1,
              value: 230.1,
              quality: 'good',
              time: AT,
            },
            {
              point: 'current-l1',
              title: { en: 'Current', zh: '电流' },
              unit: 'A',
              value: null,
              quality: 'bad',
              reason: 'not-available',
              time: AT,
            },
          ],
          read: { good: 1, of: 2 },
        },
        { key: 'unit-9', address: 9, setting: '9600 8N1', candidates: [], id: 'device-9', values: [] },
      ],
    },
  ];
  const known = (id: string): ScanState => {
    const scan = scans.find((one) => one.id === id);
    if (scan === undefined) throw new AgentError('not-found', `there is no scan ${id}`);
    return scan;
  };
  const data: CommissioningData = {
    asked,
    problems: [],
    set(change) {
      scans = scans.map((scan) => ({ ...scan, ...change }));
      for (const scan of scans) for (const listener of [...listeners]) listener(scan);
    },
    ports: async () => [
      { port: '/dev/serial/by-id/usb-FTDI', kind: 'serial', adapter: 'FTDI', use: 'free' },
      { port: '/dev/ttyUSB0', kind: 'serial', line: 'rs485-1', devices: 2, use: 'shared' },
      { port: '/dev/ttyS1', kind: 'serial', line: 'uart-1', devices: 1, use: 'refused', why: 'talks' },
    ],
    scans: () => scans,
    scan: known,
    onScan(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    async start(port, thorough, by) {
      asked.push(`start ${port} ${thorough} ${by}`);
      if (port === '/dev/busy') {
        throw new AgentError('port-busy', 'scan of /dev/busy failed: it is being scanned already', {
          fix: 'Wait.',
        });
      }
      return known(SCAN);
    },
    async stop(id, by) {
      asked.push(`stop ${id} ${by}`);
      return known(id);
    },
    async read(id, devices) {
      asked.push(`read ${id} ${devices.map(({ key, profile }) => `${key}=${profile}`).join(' ')}`);
      return known(id);
    },
    check: async (id) => {
      known(id);
      const { problems } = data;
      return {
        ok: problems.length === 0,
        line: 'line-2',
        problems,
        load: { after: 0.2 },
        yaml: 'devices:\n',
      };
    },
    async save(id, { devices }, by) {
      asked.push(`save ${id} ${devices.map((one) => one.id).join(' ')} ${by}`);
      const check = { ok: true, line: 'line-2', problems: [], yaml: '' };
      if (data.problems.length > 0) {
        const reason = data.problems[0]?.message ?? '';
        return { check: { ...check, ok: false }, answer: { ok: false, code: 'wrong', reason } };
      }
      data.set({
        phase: 'saved',
        saved: { change: 4, line: 'line-2', devices: devices.map((one) => one.id) },
      });
      return { check, answer: { ok: true, change: { id: 4 } as ConfigChange } };
    },
    async discard(id, by) {
      asked.push(`discard ${known(id).id} ${by}`);
    },
  };
  return data;
}

/** Lines of a site file: what becomes of their settings, and what is said of wrong ones. */
import { afterAll, describe, expect, test } from 'vitest';
import type { LineConfig } from '../../../agent/core/site.ts';
import { MINIMAL, SiteFolder } from './site-folder.ts';

const folder = new SiteFolder();
afterAll(() => folder[Symbol.dispose]());

const site = (...lines: string[]) => `${MINIMAL}lines:\n  - id: a\n    ${lines.join('\n    ')}\n`;

async function line(...lines: string[]): Promise<LineConfig | undefined> {
  const result = await folder.load(site(...lines));
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.site.lines[0];
}

describe('lines', () => {
  test('over TCP send one request at a time or several', async () => {
    const settings = { id: 'a', kind: 'tcp', host: '::1', port: 502, framing: 'modbus-tcp', timeout: 1000 };
    expect(await line('tcp: "[::1]:502"')).toEqual(settings);
    expect(await line('tcp: "[::1]:502"', 'pipeline: 4')).toEqual({ ...settings, pipeline: 4 });
  });

  test('behind a serial server have the settings of its port', async () => {
    expect(await line('tcp: nport:4001', 'framing: rfc2217', 'baud: 19200', 'format: 8E1')).toMatchObject({
      host: 'nport',
      framing: 'rfc2217',
      serial: { baud: 19_200, dataBits: 8, parity: 'even', stopBits: 1 },
    });
  });

  test.each([
    [['port: /dev/ttyUSB0', 'pipeline: 4'], 'lines[0].pipeline: a serial port carries one request at a time'],
    [
      ['tcp: 10.0.0.7:4001', 'framing: raw', 'pipeline: 4'],
      'lines[0].pipeline: serial bytes carry one request at a time',
    ],
  ])('%j is refused', async (lines, expected) => {
    const problems = await folder.problems(site(...lines));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(expected);
  });
});

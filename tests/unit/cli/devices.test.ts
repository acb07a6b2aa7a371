/** read, write, watch and scan by their real process, on the real ports of the simulated street. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { siteFile } from '../../../hw-sim/site-file.ts';
import { type StreetParts, startStreet } from '../../../hw-sim/street-parts.ts';
import { MINIMAL, SiteFolder } from '../config/site-folder.ts';
import { kerbside } from './kerbside.ts';

const folder = new SiteFolder();
const cwd = folder.dir;
let street: StreetParts;

beforeAll(async () => {
  street = await startStreet({ ports: join(cwd, 'ports'), broker: false, camera: false });
  const at = { broker: 'mqtt://127.0.0.1:1883', console: 8080, nodeRed: 1880, state: './state' };
  folder.write('site.yaml', siteFile(street, at));
});
afterAll(async () => {
  await street[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

describe('read', () => {
  test('asks a meter once', async () => {
    const { code, out, err } = await kerbside(['read', 'meter-feeder', 'voltage-l1', 'frequency'], { cwd });
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^voltage-l1 +2\d\d\.\d\d V +good +Voltage L1\nfrequency +\d\d\.\d+ Hz +good +/);
  });

  test('listens to a sensor that talks by itself', async () => {
    const { out } = await kerbside(['read', 'air', '--json'], { cwd });
    expect(JSON.parse(out)).toContainEqual(expect.objectContaining({ point: 'pm2-5', unit: 'ug/m3' }));
  });

  test('names the nearest device', async () => {
    const { code, err } = await kerbside(['read', 'meter-feder'], { cwd });
    expect([code, err]).toEqual([
      3,
      'kerbside: there is no device meter-feder in the site; did you mean meter-feeder?\n',
    ]);
  });
});

describe('write', () => {
  test('writes once and reads back', async () => {
    const { code, out } = await kerbside(['write', 'board', 'lamp-level', '40', '--yes'], { cwd });
    expect([code, out]).toEqual([0, 'wrote 40 % to lamp-level of board on uart-2, read back 40 %\n']);
  });

  test.each([
    [['lamp-level', '40'], 'nobody is there to confirm it; add --yes'],
    [['lamp-level', '400', '--yes'], 'write of 400 to lamp-level refused: expected 0 to 100 %'],
    [['photocell', '1', '--yes'], 'write of 1 to photocell refused: the point can only be read'],
  ])('refuses %j', async (args, why) => {
    const { code, err } = await kerbside(['write', 'board', ...args], { cwd });
    expect(code).toBe(3);
    expect(err).toContain(why);
  });
});

test('watch polls as the agent would', async () => {
  const { code, out } = await kerbside(['watch', 'meter-lamp', '--for', '4s', '--json'], { cwd });
  expect(code).toBe(0);
  const readings = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(readings.some(({ quality }) => quality === 'good')).toBe(true);
  expect(new Set(readings.map(({ device }) => device))).toEqual(new Set(['meter-lamp']));
});

describe('scan', () => {
  test('names what answers on the line as it comes, and ends with a piece of site.yaml that is right', async () => {
    const main = fileURLToPath(new URL('../../../agent/main.ts', import.meta.url));
    const child = spawn(process.execPath, [main, 'scan', '--json', join(cwd, 'ports', 'rs485-1')], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const lines: { unit?: number; profile?: string; site?: string }[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(JSON.parse(line));
      if (lines.length === 2) child.kill('SIGINT');
    }
    if (child.exitCode === null) await once(child, 'exit');
    expect(child.exitCode).toBe(0);
    expect(lines.slice(0, 2).map(({ unit, profile }) => [unit, profile])).toEqual([
      [1, 'eastron-sdm630'],
      [2, 'eastron-sdm120'],
    ]);
    expect(await folder.problems(`${MINIMAL}${lines.at(-1)?.site}`)).toEqual([]);
  }, 60_000);

  test('hears a sensor that talks by itself', async () => {
    const { code, out } = await kerbside(['scan', join(cwd, 'ports', 'uart-1')]);
    expect(code).toBe(0);
    expect(out).toMatch(/^found plantower-pms5003 at 9600 8N1, talking by itself\n/);
  });

  test('never writes, and tells a gateway without a device from a device that refuses', async () => {
    const functions = new Set<number>();
    await using server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.on('data', (bytes) => {
        const [unit = 0, code = 0] = bytes.subarray(6);
        functions.add(code);
        // Unit 7 has none of these registers; for all others the gateway has nobody to ask.
        const answer = [unit, code | 0x80, unit === 7 ? 2 : 0x0b];
        socket.write(Uint8Array.of(bytes[0] ?? 0, bytes[1] ?? 0, 0, 0, 0, 3, ...answer));
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { code, out } = await kerbside(['scan', '--quick', `127.0.0.1:${port}`]);
    expect(code).toBe(0);
    expect(out).toContain(`found unit 7 at 127.0.0.1:${port}: it answers, but no profile fits\n`);
    expect(out.match(/^found/gm)).toHaveLength(1);
    // 43 is read device identification.
    expect([...functions].filter((code) => ![1, 2, 3, 4, 43].includes(code))).toEqual([]);
  });

  test('a port that is not there is a sentence', async () => {
    const { code, err } = await kerbside(['scan', join(cwd, 'none')]);
    expect(code).toBe(3);
    expect(err).toContain('failed: it is not there; Plug the adapter in');
  });
});

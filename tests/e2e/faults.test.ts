/** Everything that can be wrong at a start, wrong at once: each is a sentence with its fix, and the rest goes on. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AgentProcess, startAgent } from '../support/agent-process.ts';
import { logIn, type Person } from './console-session.ts';
import { openSite, type Site } from './site.ts';

interface Part {
  readonly part: string;
  readonly state: string;
  readonly message?: string;
  readonly fix?: string;
}

let site: Site;
let agent: AgentProcess;
let person: Person;
let taken: Server;
let darkness: Server;

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function part(name: string, state: string): Promise<Part> {
  for (let i = 0; i < 300; i++) {
    const { parts } = await person.get<{ parts: Part[] }>('/health');
    const found = parts.find((one) => one.part === name);
    if (found?.state === state) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${name} did not become ${state}`);
}

beforeAll(async () => {
  taken = createServer();
  const port = await listening(taken);
  const black = await sharp({ create: { width: 640, height: 360, channels: 3, background: '#000' } })
    .jpeg()
    .toBuffer();
  darkness = createServer((_, response) => response.setHeader('content-type', 'image/jpeg').end(black));
  const camera = await listening(darkness);
  const free = createServer();
  const nobody = await listening(free);
  await new Promise((resolve) => free.close(resolve));

  const healthy = await openSite({ camera: false });
  site = healthy;
  const { parse, stringify } = await import('yaml');
  const { readFileSync, writeFileSync } = await import('node:fs');
  const file = parse(readFileSync(site.file, 'utf8'));
  file.lines.push({ id: 'unplugged', port: `${site.dir}/ports/nothing-here`, baud: 9600, format: '8N1' });
  file.devices.push({ id: 'ghost', line: 'unplugged', profile: 'eastron-sdm120', address: 9 });
  file.cameras = [{ id: 'blind', source: `http://127.0.0.1:${camera}/`, tasks: ['vehicles'], every: '1s' }];
  file.uplinks = [{ id: 'city', mqtt: { url: `mqtt://127.0.0.1:${nobody}` } }];
  file.console.listen = `127.0.0.1:${port}`;
  writeFileSync(site.file, stringify(file));
  agent = startAgent(site.file);
  person = await logIn((await agent.ready).link);
}, 60_000);

afterAll(async () => {
  await agent[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
  for (const server of [taken, darkness]) {
    server.closeAllConnections();
    server.close();
  }
});

describe('an agent with five things wrong', () => {
  test.each([
    ['line:unplugged', 'down', /no such|missing|not there/i],
    ['uplink:city', 'down', /refused|reach/i],
    ['camera:blind', 'degraded', /black|dark/i],
  ])(
    '%s is %s, in a sentence with the fix',
    async (name, state, words) => {
      const { message, fix } = await part(name, state);
      expect(message).toMatch(words);
      expect(fix).toMatch(/\w+ \w+/);
    },
    40_000,
  );

  test('the device on the missing port has bad points, not zeros', async () => {
    const { points } = await person.get<{
      points: { device: string; point: string; value: unknown; quality: string | null }[];
    }>('/points');
    // A register that was never read is noted at no midnight.
    const ghost = points.filter(({ device, point }) => device === 'ghost' && !point.endsWith('-midnight'));
    expect(ghost.length).toBeGreaterThan(5);
    expect(new Set(ghost.map(({ value, quality }) => `${value} ${quality}`))).toEqual(new Set(['null bad']));
  });

  test('the dark camera counts nothing, which is not zero', async () => {
    await part('camera:blind', 'degraded');
    let vehicles: { value: unknown; reason: string | null } | undefined;
    for (let i = 0; i < 100 && vehicles?.reason !== 'source-dark'; i++) {
      const { points } = await person.get<{
        points: { device: string; point: string; value: unknown; reason: string | null }[];
      }>('/points');
      vehicles = points.find(({ device, point }) => device === 'blind' && point === 'vehicles');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(vehicles).toMatchObject({ value: null, reason: 'source-dark' });
  });

  test('a taken port is left to its owner, and the next free one is said', async () => {
    const { console } = await agent.ready;
    expect(Number(new URL(console).port)).not.toBe((taken.address() as AddressInfo).port);
    expect(agent.log.some((line) => line.includes('port_taken'))).toBe(true);
  });

  test('meters are read and stored all the same, and wait for the city', async () => {
    for (let i = 0; i < 200; i++) {
      const { ledgers } = await person.get<{
        ledgers: { stored: number; backlog: number; acknowledged: number }[];
      }>('/ledger');
      const [city] = ledgers;
      if (city !== undefined && city.stored > 100) {
        expect(city).toMatchObject({ acknowledged: 0, backlog: city.stored });
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('nothing was stored');
  }, 40_000);

  test('each fault is said once in the log, with its fix, and not per attempt', async () => {
    const said = agent.log
      .map((line) => JSON.parse(line) as { event: string; part?: string; state?: string; fix?: string })
      .filter(({ event, state }) => event === 'part.changed' && state !== 'ok');
    for (const name of ['line:unplugged', 'uplink:city']) {
      const mine = said.filter((line) => line.part === name);
      expect(mine.length, name).toBe(1);
      expect(mine[0]?.fix, name).toBeTruthy();
    }
  });
});

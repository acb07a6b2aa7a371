/**
 * The whole agent as a process on a pole with a feeder, its meter over Modbus TCP and a charger that calls with OCPP: limits
 * follow the feeder, nobody can ask for more, and a session goes on over a kill of the agent.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eastronSdm630 } from '../../hw-sim/devices/eastron-sdm630.ts';
import { ModbusDevice } from '../../hw-sim/devices/modbus-device.ts';
import { OcppCharger } from '../../hw-sim/devices/ocpp-charger.ts';
import { openTcpLine } from '../../hw-sim/lines/tcp-line.ts';
import { createWorld } from '../../hw-sim/world/world.ts';
import { worldClock } from '../../hw-sim/world/world-clock.ts';
import { type AgentProcess, startAgent } from '../support/agent-process.ts';
import { freePort } from '../support/free-port.ts';
import { MINIMAL, SiteFolder } from '../unit/config/site-folder.ts';
import { logIn } from './console-session.ts';

interface Points {
  readonly points: readonly { readonly device: string; readonly point: string; readonly value: unknown }[];
}

test('chargers stay inside the feeder, and a session outlives a kill', { timeout: 120_000 }, async () => {
  using folder = new SiteFolder();
  const port = await freePort();
  const start = Date.now();
  const world = createWorld({ seed: 1, start, place: { lat: 31, lon: 121 }, utcOffset: 8 });
  await using charger = new OcppCharger({
    url: `ws://127.0.0.1:${port}`,
    identity: 'CP-E2E',
    password: 'correct-horse',
    retry: 100,
  });
  const others = { amps: 5 };
  const { value } = eastronSdm630;
  const meter = new ModbusDevice({
    model: {
      ...eastronSdm630,
      value: (point, ...rest) =>
        point === 'current-l1' ? others.amps + charger.amps : value(point, ...rest),
    },
    unit: 1,
    world,
    clock: worldClock(start),
  });
  await using line = await openTcpLine({ id: 'meter', devices: [meter] });
  const file = join(folder.dir, 'site.yaml');
  writeFileSync(
    file,
    `${MINIMAL}console: { listen: "127.0.0.1:0" }
lines:
  - { id: meter, tcp: "127.0.0.1:${line.port}" }
  - { id: chargers, ocpp: { listen: "127.0.0.1:${port}" } }
devices:
  - { id: meter-feeder, line: meter, profile: eastron-sdm630, address: 1, every: 300ms }
  - { id: charger-1, line: chargers, profile: generic-ocpp16-charger, address: CP-E2E, every: 500ms, sample: 1s, password: "\${env:CHARGER_PASSWORD}" }
pole:
  feeder:
    id: feeder
    rating: 32
    raise_after: 1s
    raise_step: 10
    meter: { device: meter-feeder, currents: [current-l1] }
    chargers: [{ device: charger-1, currents: [current-l1], phases: [1] }]
`,
  );
  const env = { CHARGER_PASSWORD: 'correct-horse' };
  const look = async (agent: AgentProcess) => {
    const person = await logIn((await agent.ready).link);
    const shown = async (device: string, point: string) => {
      const { points } = await person.get<Points>(`/points?device=${device}`);
      return points.find((one) => one.point === point)?.value;
    };
    return { person, shown };
  };
  let total = 0;
  {
    await using agent = startAgent(file, env);
    const { person, shown } = await look(agent);
    await expect.poll(() => charger.limit, { timeout: 30_000 }).toBe(6);
    await charger.plug();
    charger.wants = 32;
    expect(await charger.tag('ANY')).toBe('Accepted');
    // 32 A less 1 A that stays free and 5 A of the rest.
    await expect.poll(() => charger.limit, { timeout: 30_000 }).toBe(26);
    others.amps = 20;
    await expect.poll(() => charger.limit, { timeout: 30_000 }).toBe(11);
    await expect.poll(() => shown('charger-1', 'current-limit'), { timeout: 30_000 }).toBe(11);
    const more = await person.post('/commands', {
      id: 'e2e-more',
      device: 'charger-1',
      point: 'current-limit',
      value: 30,
      expires_in_s: 10,
    });
    expect(JSON.stringify(more)).toMatch(/interlocked/);
    expect(charger.limit).toBeLessThanOrEqual(11);
    // A busy machine may leave the meter unread, at which it falls further until the meter is read again.
    await expect.poll(() => charger.limit, { timeout: 30_000 }).toBe(11);
    const pole = await person.get<{ groups: readonly { group: string }[] }>('/pole');
    expect(pole.groups.map(({ group }) => group)).toEqual(['charger', 'feeder', 'power']);
    await charger.sample();
    await expect.poll(async () => Number(await shown('charger-1', 'energy-total'))).toBeGreaterThan(0);
    total = Number(await shown('charger-1', 'energy-total'));
    // What is remembered of the session is on the disk.
    const memory = join(folder.dir, 'state', 'devices.json');
    await expect
      .poll(() => readFileSync(memory, 'utf8').includes(String(charger.transaction)), { timeout: 30_000 })
      .toBe(true);
    await agent.kill();
  }
  {
    await using agent = startAgent(file, env);
    const { shown } = await look(agent);
    await expect.poll(() => shown('charger-1', 'session-active'), { timeout: 30_000 }).toBe(true);
    await expect.poll(() => charger.limit, { timeout: 30_000 }).toBe(11);
    const session = charger.transaction;
    await charger.end();
    await expect.poll(() => shown('charger-1', 'session-active'), { timeout: 30_000 }).toBe(false);
    expect(await shown('charger-1', 'session-id')).toBe(session);
    expect(Number(await shown('charger-1', 'sessions'))).toBe(1);
    expect(Number(await shown('charger-1', 'energy-total'))).toBeGreaterThanOrEqual(total);
    await agent.stop();
  }
});

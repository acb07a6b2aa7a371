/** Tests on site, over an agent as data in virtual time: what passes, what fails and why, and that nothing passes undone. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type OpenAcceptance, openAcceptance } from '../../../agent/compose/acceptance/acceptance.ts';
import { PATIENCE } from '../../../agent/compose/acceptance/tests.ts';
import type { AcceptanceTest } from '../../../agent/core/acceptance.ts';
import { silent } from '../../../agent/core/log.ts';
import { good } from '../../../agent/core/reading.ts';
import type { Site } from '../../../agent/core/site.ts';
import type { AgentView, Ledger } from '../../../agent/core/view.ts';
import { AgentData } from '../../support/agent-data.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const LAMP = 'lamp.lamp-1';
const DOOR = 'door.board.cabinet-door';
const SOS = 'sos.sos';
const UPLINK = 'uplink.city';
const METER = { device: 'meter-lamp', point: 'power' } as const;

let clock: VirtualClock;
let agent: AgentData;
let dir: string;
let acceptance: OpenAcceptance;

const ledger = (stored: number, backlog: number): Ledger => ({
  uplink: 'city',
  connected: true,
  epoch: 'e',
  stored,
  acknowledged: stored - backlog,
  refused: 0,
  dropped: 0,
  backlog,
  resent: 0,
  heads: { alarm: 0, event: stored, meter: 0, telemetry: 0, bulk: 0 },
});

beforeEach(async () => {
  clock = new VirtualClock();
  agent = new AgentData({ clock });
  const [lamp] = agent.site.lamps;
  const site = {
    ...agent.site,
    lamps: [{ ...lamp, power: { ...METER, rated: 120 } }],
    uplinks: [{ id: 'city' }],
    sign: { id: 'sign-1', screen: {} },
  } as unknown as Site;
  Object.assign(agent, { site });
  dir = await mkdtemp(join(tmpdir(), 'acceptance-'));
  acceptance = await open();
});
afterEach(async () => {
  await acceptance[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

const open = () =>
  openAcceptance({ view: () => agent as AgentView, version: '9.9.9', dir, clock, log: silent });

const publish = (device: string, point: string, value: number | boolean, unit: '1' | 'W' = '1') =>
  agent.publish([good({ device, point, unit }, value, clock.mono())]);

const result = (id: string) => acceptance.tests().find((one) => one.id === id);

/** Lets time pass, with `each` done every half second, until the test has ended. */
async function ended(id: string, each: () => void = () => {}): Promise<AcceptanceTest> {
  await acceptance.begin(id, 'console:technician', 'Li Wei');
  for (let passed = 0; result(id)?.state === 'running'; passed += 500) {
    if (passed > 4 * PATIENCE) throw new Error(`${id} does not end`);
    each();
    await clock.advance(500);
  }
  const test = result(id);
  if (test === undefined) throw new Error(`no test ${id}`);
  return test;
}

describe('tests on site', () => {
  test('are those that the site can do, all of them not done, and none passes by itself', async () => {
    expect(acceptance.tests().map(({ id, state }) => [id, state])).toEqual([
      [SOS, 'not-done'],
      [LAMP, 'not-done'],
      [DOOR, 'not-done'],
      ['sign.sign-1', 'not-done'],
      [UPLINK, 'not-done'],
    ]);
    await expect(acceptance.begin('lamp.other', 'x')).rejects.toThrow(/no test lamp.other/);
  });

  test('lamp: each level through the router, its watts from the meter, then back to the programme', async () => {
    let level = 80;
    agent.answer = async ({ id, value }) => {
      level = Number(value);
      return { id, state: 'done', readback: value, at: agent.now() };
    };
    publish('board', 'lamp-level', 80);
    const test = await ended(LAMP, () => publish(METER.device, METER.point, 2 + level * 1.2, 'W'));
    expect(test).toMatchObject({ state: 'passed', by: 'console:technician', name: 'Li Wei' });
    expect(test.facts.filter(({ what }) => what === 'power').map(({ of, value }) => [of, value])).toEqual([
      ['0 %', 2],
      ['50 %', 62],
      ['100 %', 122],
    ]);
    expect(agent.submitted.map(({ value, issuer, lease }) => [value, issuer, lease])).toEqual([
      [0, 'console:technician', 90_000],
      [50, 'console:technician', 90_000],
      [100, 'console:technician', 90_000],
      [80, 'console:technician', 1000],
    ]);
    expect(agent.audited).toContainEqual(expect.objectContaining({ act: 'acceptance-test', test: LAMP }));
  });

  test('lamp: fails where the power does not follow, the meter is silent, or the command is refused', async () => {
    const stuck = await ended(LAMP, () => publish(METER.device, METER.point, 60, 'W'));
    expect(stuck).toMatchObject({ state: 'failed', fault: 'power-does-not-follow' });
    expect(await ended(LAMP)).toMatchObject({ state: 'failed', fault: 'no-power-reading' });
    agent.answer = async ({ id }) => ({
      id,
      state: 'rejected',
      code: 'interlocked',
      reason: 'cover open',
      at: 0,
    });
    const refused = await ended(LAMP);
    expect(refused).toMatchObject({ state: 'failed', fault: 'command-refused' });
    expect(refused.detail).toBe('rejected: interlocked: cover open');
  });

  test('help button: a press within the minute, not one that was before', async () => {
    publish('board', 'sos-button', true);
    await clock.advance(1000);
    expect(await ended(SOS)).toMatchObject({ state: 'failed', fault: 'nobody-pressed', facts: [] });
    let at = 0;
    const pressed = await ended(SOS, () => {
      at += 1;
      if (at === 4) publish('board', 'sos-button', true);
    });
    expect(pressed.facts[0]).toMatchObject({ what: 'pressed', of: 'board/sos-button' });
    expect(pressed.facts[1]).toMatchObject({ what: 'alarm', of: 'sos', value: 'unacknowledged' });
  });

  test('door: opened and shut again', async () => {
    publish('board', 'cabinet-door', false);
    let at = 0;
    const moved = await ended(DOOR, () => {
      at += 1;
      publish('board', 'cabinet-door', at >= 3 && at < 6);
    });
    expect(moved).toMatchObject({ state: 'passed' });
    expect(moved.facts.map(({ what }) => what)).toEqual(['opened', 'closed']);
    expect(await ended(DOOR)).toMatchObject({ state: 'failed', fault: 'nobody-opened' });
  });

  test('sign: what riders see, passed only where it is proven', async () => {
    const seen = await ended('sign.sign-1');
    expect(seen.state).toBe('passed');
    expect(seen.facts.find(({ what }) => what === 'line')).toMatchObject({ of: '7' });
    if (agent.seen !== undefined) agent.seen = { ...agent.seen, state: 'dark', problems: ['no picture'] };
    expect(await ended('sign.sign-1')).toMatchObject({
      state: 'failed',
      fault: 'not-proven',
      detail: 'no picture',
    });
  });

  test('uplink: a record of now is acknowledged in time, or it fails', async () => {
    let stored = 100;
    agent.ledgerList = [ledger(stored, 0)];
    let at = 0;
    const told = await ended(UPLINK, () => {
      at += 1;
      if (at === 2) stored += 3;
      agent.ledgerList = [ledger(stored, at < 6 ? 3 : 0)];
    });
    expect(told).toMatchObject({ state: 'passed' });
    expect(told.facts[0]).toMatchObject({ what: 'record', value: 103 });
    agent.ledgerList = [ledger(200, 5)];
    let more = 0;
    const stuck = await ended(UPLINK, () => {
      more += 1;
      agent.ledgerList = [ledger(200 + more, 5 + more)];
    });
    expect(stuck).toMatchObject({ state: 'failed', fault: 'not-acknowledged' });
  });

  test('are remembered over a restart; one that was cut off is no pass', async () => {
    await ended('sign.sign-1');
    await acceptance.begin(SOS, 'console:technician');
    const closing = acceptance[Symbol.asyncDispose]();
    await clock.advance(10);
    await closing;
    acceptance = await open();
    expect(result('sign.sign-1')?.state).toBe('passed');
    expect(result(SOS)).toMatchObject({ state: 'failed', fault: 'interrupted' });
    const report = await acceptance.report('console:technician', 'Li Wei');
    expect(report).toMatchObject({
      v: 1,
      agent: 'pole-0817',
      name: 'Li Wei',
      versions: { kerbside: '9.9.9' },
    });
    expect(report.devices.map(({ device }) => device)).toContain('meter-feeder');
    expect(report.tests).toHaveLength(5);
  });
});

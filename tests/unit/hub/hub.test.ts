import { describe, expect, test } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import type { Lane } from '../../../agent/core/point.ts';
import { bad, good, type Reading } from '../../../agent/core/reading.ts';
import type { AgentEvent } from '../../../agent/core/record.ts';
import { Hub } from '../../../agent/hub/hub.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const voltage = { device: 'meter', point: 'voltage', unit: 'V' } as const;
const sos = { device: 'board', point: 'sos-button', unit: '1' } as const;

function setUp(append?: (readings: readonly Reading[], events: readonly AgentEvent[]) => Promise<unknown>) {
  const clock = new VirtualClock();
  const commits: { readings: number; events: number; at: number }[] = [];
  const hub = new Hub({
    clock,
    log: silent,
    window: 5000,
    lane: (_, point): Lane => (point === 'sos-button' ? 'alarm' : 'telemetry'),
    append:
      append ??
      (async (readings, events) => {
        commits.push({ readings: readings.length, events: events.length, at: clock.mono() });
      }),
  });
  return { clock, hub, commits };
}

describe('hub', () => {
  test('telemetry is committed once per window, at most a window after its birth', async () => {
    const { clock, hub, commits } = setUp();
    const start = clock.mono();
    for (let i = 0; i < 10; i++) {
      hub.readings([good(voltage, 230 + i, clock.mono())]);
      await clock.advance(1000);
    }
    expect(commits).toEqual([
      { readings: 5, events: 0, at: start + 5000 },
      { readings: 5, events: 0, at: start + 10_000 },
    ]);
    hub.readings([good(voltage, 240, clock.mono())]);
    await hub[Symbol.asyncDispose]();
    expect(commits.reduce((sum, commit) => sum + commit.readings, 0)).toBe(11);
  });

  test('a pressed button does not wait, and takes along what waits; its heartbeat waits', async () => {
    const { clock, hub, commits } = setUp();
    hub.readings([good(sos, false, clock.mono())]);
    hub.readings([good(voltage, 230, clock.mono())]);
    await clock.advance(100);
    hub.readings([good(sos, true, clock.mono())]);
    await clock.advance(0);
    expect(commits.map((commit) => commit.readings)).toEqual([1, 2]);
    hub.readings([good(sos, true, clock.mono())]);
    await clock.advance(100);
    expect(commits).toHaveLength(2);
  });

  test('an event commits at once', async () => {
    const { clock, hub, commits } = setUp();
    hub.event({ event: 'device', severity: 'info', time: clock.mono(), body: {} });
    await clock.advance(0);
    expect(commits).toMatchObject([{ readings: 0, events: 1 }]);
  });

  test('5,000 waiting readings start a commit before the window ends', async () => {
    const { clock, hub, commits } = setUp();
    hub.readings(Array.from({ length: 5001 }, (_, i) => good(voltage, i, clock.mono())));
    await clock.advance(0);
    expect(commits).toMatchObject([{ readings: 5001 }]);
  });

  test('listeners get readings at once, before any commit, also while the disk hangs', async () => {
    const { clock, hub } = setUp(() => new Promise(() => {}));
    const seen: number[] = [];
    using _ = hub.onReadings(
      (readings) => void seen.push(...readings.map((reading) => reading.value as number)),
    );
    hub.event({ event: 'agent', severity: 'info', time: clock.mono(), body: {} });
    hub.readings([good(voltage, 1, clock.mono())]);
    hub.readings([good(voltage, 2, clock.mono())]);
    expect(seen).toEqual([1, 2]);
  });

  test('a listener that throws is cut off; the others and the log go on', async () => {
    const { clock, hub, commits } = setUp();
    let calls = 0;
    let others = 0;
    hub.onReadings(() => {
      calls += 1;
      throw new Error('flow is broken');
    });
    hub.onReadings(() => {
      others += 1;
    });
    hub.readings([good(voltage, 1, clock.mono())]);
    hub.readings([good(voltage, 2, clock.mono())]);
    await clock.advance(5000);
    expect([calls, others, commits[0]?.readings]).toEqual([1, 2, 2]);
  });

  test('the newest reading by time is the latest; a late one does not hide it', () => {
    const { hub } = setUp();
    hub.readings([good(voltage, 231, 2000)]);
    hub.readings([good(voltage, 229, 1500)]);
    expect(hub.latest('meter', 'voltage')?.value).toBe(231);
    hub.readings([bad(voltage, 'timeout', 2500)]);
    expect(hub.latest('meter', 'voltage')).toMatchObject({ value: null, quality: 'bad' });
  });

  test('a failed append is said and does not stop the next', async () => {
    let fail = true;
    const kept: number[] = [];
    const { clock, hub } = setUp(async (readings) => {
      if (fail) throw new Error('disk full');
      kept.push(readings.length);
    });
    hub.readings([good(voltage, 1, clock.mono())]);
    await clock.advance(5000);
    fail = false;
    hub.readings([good(voltage, 2, clock.mono())]);
    await clock.advance(5000);
    expect(kept).toEqual([1]);
  });
});

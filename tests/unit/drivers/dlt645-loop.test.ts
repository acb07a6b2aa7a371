/** Every profile of DL/T 645 against the simulated meter of the same name, which has an encoder of its own. */
import { describe, expect, it } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import type { LineConfig } from '../../../agent/core/site.ts';
import dlt645 from '../../../drivers/dlt645/index.ts';
import { Dlt645Device } from '../../../hw-sim/devices/dlt645-device.ts';
import { DLT645_MODELS } from '../../../hw-sim/devices/dlt645-models.ts';
import { createWorld } from '../../../hw-sim/world/world.ts';
import { worldClock } from '../../../hw-sim/world/world-clock.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { device, profileFiles } from './load.ts';
import { meterLine } from './meter-line.ts';

const never = new AbortController().signal;
const START = Date.UTC(2027, 5, 1, 10, 7, 33);
const files = profileFiles().filter(({ profile }) => profile.protocol === 'dlt645');

const line = (baud: number): LineConfig => ({
  id: 'line',
  kind: 'serial',
  port: '/dev/ttyTest',
  timeout: 300,
  serial: { baud, dataBits: 8, parity: 'even', stopBits: 1 },
});

function play(stem: string, more: { readonly most?: number; readonly preambles?: number } = {}) {
  const model = DLT645_MODELS.get(stem);
  if (model === undefined) throw new Error(`no simulated meter ${stem}`);
  const world = createWorld({ seed: 7, start: START, place: { lat: 31.2, lon: 121.5 }, utcOffset: 8 });
  const clock = worldClock(START, 1, () => 0);
  return new Dlt645Device({ model, address: '260305510020', world, clock, ...more });
}

it('every profile has its meter and every meter its profile', () => {
  expect([...DLT645_MODELS.keys()].sort()).toEqual(files.map(({ stem }) => stem).sort());
});

describe.each(files)('$stem', ({ stem, profile }) => {
  const config = device(profile, { address: '260305510020' });

  it.each([
    ['in whole frames', {}],
    ['in frames that follow each other', { most: 7 }],
    ['without preambles', { preambles: 0 }],
    ['with many preambles', { preambles: 20 }],
  ])('is read back equal %s', async (_how, more) => {
    // The edition of 1997 does not number what follows: a second frame must hold the rest.
    const played = play(stem, profile.id === 'dlt645-1997' && 'most' in more ? { most: 10 } : more);
    const { exchange, served } = meterLine([played]);
    const session = dlt645.open({ device: config, clock: new VirtualClock(), log: silent }, line(2400));
    const readings = new Map<string, Reading>();
    for (const poll of session.polls) {
      for (const reading of await poll.execute(exchange, never)) readings.set(reading.point, reading);
    }
    expect([...readings.keys()].sort()).toEqual(profile.points.map(({ id }) => id).sort());
    for (const { id, unit } of profile.points) {
      const [read, truth] = [readings.get(id), served.get(id)];
      expect([id, read?.quality, read?.value, read?.unit]).toEqual([id, 'good', truth?.value, unit]);
      expect(truth?.uom).toBe(unit);
    }
  });

  it('fits its line at the default periods', () => {
    const model = DLT645_MODELS.get(stem);
    const character = 11_000 / (model?.serial.baud ?? 1);
    const session = dlt645.open({ device: config, clock: new VirtualClock(), log: silent }, line(2400));
    const load = session.polls.reduce(
      (sum, { requestBytes, answerBytes, period }) =>
        sum + ((requestBytes + answerBytes + 7) * character + 100) / period,
      0,
    );
    expect(load).toBeLessThan(0.2);
  });
});

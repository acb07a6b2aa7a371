/** What the sessions of serial sensors do beside reading: set up, wake, start again, and refuse what is no value. */
import { describe, expect, it } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import type { DeviceConfig } from '../../../agent/core/site.ts';
import { driverFor } from '../../../drivers/index.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { fakeStream } from './fake-stream.ts';
import { profile } from './load.ts';
import { alone, simulated } from './simulated.ts';

const never = new AbortController().signal;
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const spaced = (bytes: readonly number[]) => Buffer.from(bytes).toString('hex').toUpperCase();

/** A session on a stream of the test's own; `hear` is the device. */
async function session(
  config: DeviceConfig,
  hear: (bytes: Uint8Array, say: (bytes: Uint8Array) => void) => void,
  /** What the device says by itself each second. */
  says: () => Uint8Array | undefined = () => undefined,
) {
  const clock = new VirtualClock();
  const stream = fakeStream(clock, (bytes, to) => hear(bytes, (answer) => to.send(answer)));
  const emitted: Reading[] = [];
  const driver = driverFor(config.profile.protocol);
  if (driver?.kind !== 'stream') throw new Error('not a driver of a stream');
  const emit = (readings: readonly Reading[]) => emitted.push(...readings);
  const pending = driver.open({ device: config, clock, log: silent }, stream, emit, never);
  pending.catch(() => {});
  const run = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      const said = says();
      if (said !== undefined) stream.send(said);
      await clock.advance(1000);
    }
  };
  await run(3);
  const last = (point: string) => emitted.findLast((reading) => reading.point === point);
  return { run, last, emitted, stream, session: await pending };
}

describe('SDS011', () => {
  it('gets its working period where it has another, and is not written to where it has it', async () => {
    const clock = new VirtualClock();
    const { stream } = simulated('nova-sds011', clock);
    const driver = driverFor('sds');
    if (driver?.kind !== 'stream') throw new Error('no driver');
    const open = () =>
      driver.open({ device: alone('nova-sds011'), clock, log: silent }, stream, () => {}, never);
    const set = 'AAB408010500000000000000000000FFFF0CAB';
    const first = await open();
    expect(spaced(stream.written)).toContain(set);
    await first[Symbol.asyncDispose]();
    stream.written.length = 0;
    const second = await open();
    expect(spaced(stream.written)).not.toContain(set);
    await second[Symbol.asyncDispose]();
    expect(driver.staleAfter(alone('nova-sds011'))).toBe(750_000);
    expect(driver.staleAfter(alone('nova-sds011', { period: 0 }))).toBe(25_000);
  });
});

describe('SPS30', () => {
  it('is started again when it has lost its supply', async () => {
    let measuring = true;
    let starts = 0;
    const { run, session: open } = await session(alone('sensirion-sps30'), (bytes, say) => {
      if (bytes[2] === 0x00) {
        starts++;
        measuring = true;
        return say(hex('7E 00 00 00 00 FF 7E'));
      }
      say(hex(measuring ? '7E 00 03 00 00 FC 7E' : '7E 00 03 43 00 B9 7E'));
    });
    expect(starts).toBe(1);
    measuring = false;
    await run(30);
    expect([starts, measuring]).toEqual([2, true]);
    await open[Symbol.asyncDispose]();
  });
});

describe('MH-Z19', () => {
  it('says of zeros that it is warming up, then that it is broken, and is never calibrated', async () => {
    const asked: number[] = [];
    const {
      run,
      last,
      session: open,
    } = await session({ ...alone('winsen-mhz19b'), options: { baseline: 'on' } }, (bytes, say) => {
      asked.push(bytes[2] ?? 0);
      if (bytes[2] === 0x86) say(hex('FF 86 00 00 00 00 00 00 7A'));
    });
    await run(60);
    expect(last('co2')).toMatchObject({ value: null, reason: 'warming-up' });
    await run(360);
    expect(last('co2')).toMatchObject({ value: null, reason: 'sensor-fault' });
    expect([...new Set(asked)].sort()).toEqual([0x79, 0x86]);
    await open[Symbol.asyncDispose]();
  });
});

describe('A02YYUW', () => {
  it('gives no level without a height, and no value for no echo or in the blind zone', async () => {
    let said = hex('FF 07 A1 A7');
    const {
      run,
      last,
      session: open,
    } = await session(
      { ...alone('dfrobot-a02yyuw'), options: {} },
      () => {},
      () => said,
    );
    expect(last('distance')).toMatchObject({ value: 1953, quality: 'good' });
    expect(last('level')).toMatchObject({ value: null, reason: 'configuration' });
    said = hex('FF FF FD FB');
    await run(12);
    expect(last('distance')).toMatchObject({ value: null, reason: 'not-available' });
    said = hex('FF 00 05 04');
    await run(12);
    expect(last('distance')).toMatchObject({ value: null, reason: 'under-range' });
    await open[Symbol.asyncDispose]();
  });
});

describe('NMEA 0183', () => {
  const sentence = (text: string) => Buffer.from(`${text}\r\n`, 'latin1');

  it('gives no position without a fix, whatever the sentence carries', async () => {
    let said = sentence('$GNGGA,000653.00,4404.12994,N,12118.84613,W,1,29,0.69,1109.2,M,,M,,*71');
    const {
      run,
      last,
      session: open,
    } = await session(
      alone('generic-nmea0183-gnss'),
      () => {},
      () => said,
    );
    expect(last('longitude')).toMatchObject({ value: -121.3141022, quality: 'good' });
    said = sentence('$GPGGA,181035.576,3949.797,N,07809.854,W,0,00,,,M,,M,,*5A');
    await run(12);
    expect(last('latitude')).toMatchObject({ value: null, reason: 'not-available' });
    expect(last('fix-quality')).toMatchObject({ value: 0, quality: 'good' });
    await open[Symbol.asyncDispose]();
  });

  it('takes hPa called bar for hPa, with a doubt, and a sentence without a checksum only where told to', async () => {
    const of = profile('generic-nmea0183-weather');
    const points = of.points
      .filter(({ id }) => id === 'pressure')
      .map((point) => ({ ...point, wire: { sentence: 'XDR', field: 'pressure', name: '3' } }));
    const config = { ...alone('generic-nmea0183-weather'), profile: { ...of, points } };
    let said = sentence('$WIXDR,P,1008.8,B,3,C,31.9,C,0,H,67.3,P,2,C,99.9,C,1*5B');
    const { last, session: open } = await session(
      config,
      () => {},
      () => said,
    );
    expect(last('pressure')).toMatchObject({ value: 1008.8, quality: 'uncertain', reason: 'implausible' });
    await open[Symbol.asyncDispose]();
    said = sentence('$WIXDR,P,1.0154,B,3');
    const free = await session(
      { ...config, options: { checksum: 'optional' } },
      () => {},
      () => said,
    );
    expect(free.last('pressure')).toMatchObject({ value: 1015.4, quality: 'good' });
    await free.session[Symbol.asyncDispose]();
  });
});

describe('a fire panel', () => {
  it('tells every line, keeps what was told, and may be silent', async () => {
    const driver = driverFor('framed');
    if (driver?.kind !== 'stream') throw new Error('no driver');
    expect(driver.staleAfter(alone('generic-framed-fire-panel'))).toBe(172_800_000);
    const { emitted, stream, session: open } = await session(alone('generic-framed-fire-panel'), () => {});
    expect(emitted).toEqual([]);
    stream.send(Buffer.from('FIRE ALARM ZONE 12\r\nRESET\r\n', 'latin1'));
    expect(emitted.map(({ point, value }) => [point, value])).toEqual([
      ['fire-alarm', true],
      ['zone', 12],
      ['message', 'FIRE ALARM ZONE 12'],
      ['fire-alarm', false],
      ['fault', false],
      ['message', 'RESET'],
    ]);
    await open[Symbol.asyncDispose]();
  });
});

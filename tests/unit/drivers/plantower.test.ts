import { describe, expect, it } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import type { Reading } from '../../../agent/core/reading.ts';
import plantower from '../../../drivers/plantower/index.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { fakeStream } from './fake-stream.ts';
import { device, profile } from './load.ts';

const never = new AbortController().signal;

/** A frame of 13 words as the sensor sends it. */
function frame(words: readonly number[]): readonly number[] {
  const head = [0x42, 0x4d, 0, 28, ...words.flatMap((word) => [word >> 8, word & 255])];
  const sum = head.reduce((total, byte) => total + byte, 0);
  return [...head, sum >> 8, sum & 255];
}
const WORDS = [5, 13, 22, 6, 14, 23, 765, 252, 29, 15, 6, 3, 0x9700];

async function sensor(awake = true) {
  const clock = new VirtualClock();
  let talking = awake;
  const stream = fakeStream(clock, (bytes) => {
    if (bytes[2] === 0xe4 && bytes[4] === 1) talking = true;
  });
  const emitted: Reading[] = [];
  const config = device(profile('plantower-pms5003'));
  const pending = plantower.open(
    { device: config, clock, log: silent },
    stream,
    (readings) => emitted.push(...readings),
    never,
  );
  const say = async (words: readonly number[], seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      if (talking) stream.send(frame(words));
      await clock.advance(1000);
    }
  };
  await say(WORDS, 6);
  return { clock, stream, emitted, say, session: await pending };
}

describe('a PMS5003', () => {
  it('tells atmospheric and CF=1 masses and counts, uncertain while it warms up, good after', async () => {
    const { emitted, say, session } = await sensor();
    expect(emitted).toHaveLength(12);
    const by = Object.fromEntries(emitted.map((reading) => [reading.point, reading.value]));
    expect(by).toMatchObject({
      'pm1-0': 6,
      'pm2-5': 14,
      pm10: 23,
      'pm2-5-cf1': 13,
      'particles-0-3': 765,
      'particles-10': 3,
    });
    expect(emitted[0]).toMatchObject({ quality: 'uncertain', reason: 'warming-up', unit: 'ug/m3' });
    await say([...WORDS.slice(0, 11), 4, 0x9700], 40);
    expect(emitted.at(-1)).toMatchObject({ quality: 'good' });
    // Once per period, not once per frame.
    expect(emitted.filter((reading) => reading.point === 'pm10').length).toBeLessThanOrEqual(6);
    await session[Symbol.asyncDispose]();
  });

  it('takes zeros for a sensor that does not measure, first warming up, then broken', async () => {
    const { emitted, say, session } = await sensor();
    const zeros = [...new Array<number>(12).fill(0), 0x9700];
    await say(zeros, 30);
    expect(emitted.at(-1)).toMatchObject({ value: null, quality: 'bad', reason: 'warming-up' });
    await say(zeros, 150);
    expect(emitted.at(-1)).toMatchObject({ value: null, reason: 'sensor-fault' });
    await session[Symbol.asyncDispose]();
  });

  it('says of a value that never moves that it is frozen', async () => {
    const { emitted, say, session } = await sensor();
    await say(WORDS, 620);
    expect(emitted.at(-1)).toMatchObject({ quality: 'uncertain', reason: 'frozen' });
    await session[Symbol.asyncDispose]();
  });

  it('believes the error code of the sensor, and the range of the profile', async () => {
    const { emitted, say, session } = await sensor();
    await say([...WORDS.slice(0, 12), 0x9702], 30);
    expect(emitted.at(-1)).toMatchObject({ value: null, reason: 'sensor-fault' });
    await say([5, 13, 22, 6, 14, 5000, 765, 252, 29, 15, 6, 3, 0x9700], 12);
    expect(emitted.findLast((reading) => reading.point === 'pm10')).toMatchObject({
      value: null,
      reason: 'over-range',
    });
    await session[Symbol.asyncDispose]();
  });

  it('wakes a sensor that sleeps', async () => {
    const { stream, emitted, session } = await sensor(false);
    expect(stream.written).toEqual([0x42, 0x4d, 0xe4, 0, 1, 1, 0x74, 0x42, 0x4d, 0xe1, 0, 1, 1, 0x71]);
    expect(emitted.length).toBeGreaterThan(0);
    await session[Symbol.asyncDispose]();
  });
});

import { describe, expect, it } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import type { LineConfig } from '../../../agent/core/site.ts';
import { asciiMatcher } from '../../../drivers/modbus/ascii.ts';
import modbus from '../../../drivers/modbus/index.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { asciiText, fakeModbus } from './fake-modbus.ts';
import { device, profile } from './load.ts';

const never = new AbortController().signal;
const line: LineConfig = {
  id: 'line',
  kind: 'serial',
  port: '/dev/ttyTest',
  timeout: 300,
  serial: { baud: 9600, dataBits: 7, parity: 'even', stopBits: 1 },
};
const text = (characters: string) => Uint8Array.from(Buffer.from(characters, 'latin1'));

/** Feeds `stream` in pieces of `size`; gives the text of the frame taken and what was told on the way. */
function feed(request: readonly number[], stream: string, size: number) {
  const match = asciiMatcher(Uint8Array.from(request));
  const told: string[] = [];
  let buffer = '';
  for (let at = 0; at < stream.length; at += size) {
    buffer += stream.slice(at, at + size);
    for (;;) {
      const found = match(text(buffer));
      if (found.kind === 'more') break;
      told.push(`${found.kind} ${JSON.stringify(buffer.slice(0, found.length)).slice(1, -1)}`);
      if (found.kind === 'frame') return told;
      buffer = buffer.slice(found.length);
      if (buffer === '') break;
    }
  }
  return told;
}

describe('the ASCII matcher', () => {
  // pymodbus test/framer/test_framer.py: read of registers at 124, unit 17, and its answer.
  const request = [0x11, 3, 0, 0x7c, 0, 2];
  const answer = ':110304008D008ECD\r\n';
  const shown = ':110304008D008ECD\\r\\n';

  it.each([1, 2, 5, 64])('finds the answer behind garbage, in pieces of %d', (size) => {
    expect(feed(request, `xx\0\r\n${answer}`, size).at(-1)).toBe(`frame ${shown}`);
  });

  it('consumes a frame with a wrong LRC and takes the next good one', () => {
    expect(feed(request, `:110304008D008ECC\r\n${answer}`, 64)).toEqual([
      'skip :110304008D008ECC\\r\\n',
      `frame ${shown}`,
    ]);
  });

  it('begins anew at a colon in the middle of a frame', () => {
    expect(feed(request, `:110304008D${answer}`, 64)).toEqual(['skip :110304008D', `frame ${shown}`]);
  });

  it.each([
    ['another unit', [0x12, 3, 4, 0, 0x8d, 0, 0x8e]],
    ['another function', [0x11, 4, 4, 0, 0x8d, 0, 0x8e]],
    ['another length', [0x11, 3, 2, 0, 0x8d]],
    ['the echo of the request', request],
  ])('tells %s as foreign and goes on', (_what, body) => {
    const frame = Buffer.from(asciiText(body)).toString('latin1');
    expect(feed(request, frame + answer, 64)).toEqual([expect.stringMatching(/^foreign/), `frame ${shown}`]);
  });

  it('takes an exception of the function asked for', () => {
    expect(feed(request, ':1183026A\r\n', 64)).toEqual(['frame :1183026A\\r\\n']);
  });

  it.each([
    ':11030\r\n',
    ':\r\n',
    ':11\r\n',
    ':1103 0400\r\n',
    ':110304008D008ECD\rx',
    `:${'0'.repeat(600)}`,
  ])('never takes %j and finds the answer behind it', (bad) => {
    expect(feed(request, bad + answer, 64).at(-1)).toBe(`frame ${shown}`);
  });

  it('waits for a frame that drips, however long it takes', () => {
    expect(feed(request, answer.slice(0, -1), 1)).toEqual([]);
  });
});

describe('an ASCII device', () => {
  const open = (options: Record<string, unknown> = { framing: 'ascii' }) =>
    modbus.open(
      { device: device(profile('renke-rs-fsjt-n01'), { options }), clock: new VirtualClock(), log: silent },
      line,
    );

  it('is asked in ASCII, with a second between characters and time for its longer answers', async () => {
    const fake = fakeModbus({ framing: 'ascii' });
    fake.registers.set(0, 86);
    const asked: { gap: number | undefined; timeout: number | undefined; text: string }[] = [];
    const session = open();
    const readings = await session.polls[0]?.execute((request, signal) => {
      const { gap, timeout, bytes } = request;
      asked.push({ gap, timeout, text: Buffer.from(bytes).toString('latin1') });
      return fake.exchange(request, signal);
    }, never);
    expect(readings?.[0]).toMatchObject({ value: 8.6, quality: 'good' });
    // 15 characters of 10 bits at 9600 baud on top of the line's 300 ms
    expect(asked).toEqual([{ gap: 1000, timeout: 300 + 15 * (10_000 / 9600), text: ':010300000001FB\r\n' }]);
    expect(session.polls[0]).toMatchObject({ requestBytes: 17, answerBytes: 15 });
  });

  it('keeps its own time-out', async () => {
    const fake = fakeModbus({ framing: 'ascii' });
    let timeout: number | undefined;
    await open({ framing: 'ascii', timeout: 1000 }).polls[0]?.execute((request, signal) => {
      timeout = request.timeout;
      return fake.exchange(request, signal);
    }, never);
    expect(timeout).toBeGreaterThan(1000);
  });

  it('is refused on a Modbus TCP line, and RTU on a line of seven bits', () => {
    const tcp: LineConfig = {
      id: 'l',
      kind: 'tcp',
      host: 'h',
      port: 502,
      framing: 'modbus-tcp',
      timeout: 300,
    };
    const meter = (options: Record<string, unknown>) => device(profile('eastron-sdm630'), { options });
    expect(modbus.checkDevice(meter({ framing: 'ascii' }), tcp)).toMatchObject([
      { path: ['options', 'framing'] },
    ]);
    expect(modbus.checkDevice(meter({}), line)).toMatchObject([
      { path: ['options', 'framing'], fix: expect.stringContaining('framing: ascii') },
    ]);
    expect(modbus.checkDevice(meter({ framing: 'ascii' }), line)).toEqual([]);
    expect(modbus.checkDevice(meter({ framing: 'asci' }), line)[0]?.path).toEqual(['options', 'framing']);
  });
});

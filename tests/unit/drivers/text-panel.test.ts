/** Text panels: what is told is what is shown and read back, by a simulated panel with a decoder of its own. */
import { describe, expect, it } from 'vitest';
import { decodeGb2312, encodeGb2312, gb2312Size, isGb2312 } from '../../../agent/core/content/gb2312.ts';
import { silent } from '../../../agent/core/log.ts';
import { cellsOf, panelRows, panelText } from '../../../agent/core/sign/text-panel.ts';
import type { LineConfig } from '../../../agent/core/site.ts';
import { crc16, frame, frameAt, SOH, STX } from '../../../drivers/text-panel/frame.ts';
import textPanel from '../../../drivers/text-panel/index.ts';
import { TextPanel } from '../../../hw-sim/devices/text-panel.ts';
import { seeded } from '../../support/seeded.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { device, profile } from './load.ts';
import { meterLine } from './meter-line.ts';

const never = new AbortController().signal;
const line: LineConfig = {
  id: 'line',
  kind: 'serial',
  port: '/dev/ttyTest',
  timeout: 300,
  serial: { baud: 9600, dataBits: 8, parity: 'none', stopBits: 1 },
};

function panel(options: Readonly<Record<string, unknown>> = {}) {
  let now = 0;
  const simulated = new TextPanel({
    now: () => now,
    encoding: options.charset === 'utf-8' ? 'utf-8' : 'gbk',
  });
  const { exchange, requests } = meterLine([simulated]);
  const config = device(profile('kerbside-text-panel'), { options });
  const session = textPanel.open({ device: config, clock: new VirtualClock(), log: silent });
  const write = (point: string, value: string | number) => session.write({ point, value }, exchange, never);
  const read = async (point: string) => {
    const poll = session.polls.find(({ id }) => id === point);
    return (await poll?.execute(exchange, never))?.[0];
  };
  return {
    simulated,
    requests,
    write,
    read,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

const ROWS = panelText([
  { text: '7路 开往 东站   3分钟', scroll: false },
  { text: '因施工绕行，请到对面候车', scroll: true },
]);

describe('GB 2312', () => {
  it('has its 7445 characters, and no other', () => {
    expect(gb2312Size()).toBe(7445);
    expect(encodeGb2312('啊座齄A　')).toEqual(
      Uint8Array.of(0xb0, 0xa1, 0xd7, 0xf9, 0xf7, 0xfe, 0x41, 0xa1, 0xa1),
    );
    expect(isGb2312('①')).toBe(true);
    // In GBK only: the sign of the euro, a traditional character, a small Roman numeral.
    expect(['€', '馬', 'ⅰ'].map((one) => encodeGb2312(one))).toEqual([undefined, undefined, undefined]);
  });

  it('comes back as it went, and nothing else is taken', () => {
    const text = '公交电子站牌 No. 7';
    expect(decodeGb2312(encodeGb2312(text) ?? new Uint8Array())).toBe(text);
    expect(decodeGb2312(Uint8Array.of(0xb0))).toBeUndefined();
    expect(decodeGb2312(Uint8Array.of(0x81, 0x40))).toBeUndefined();
  });
});

describe('rows', () => {
  it('are one text and come back', () => {
    expect(panelRows(ROWS)).toEqual([
      { text: '7路 开往 东站   3分钟', scroll: false },
      { text: '因施工绕行，请到对面候车', scroll: true },
    ]);
    expect(panelRows('')).toEqual([]);
  });

  it('take two cells for a Chinese character', () => {
    expect([cellsOf('7路'), cellsOf('No. 7'), cellsOf('，ＡA')]).toEqual([3, 5, 5]);
  });
});

describe('frames', () => {
  it('have the check of the catalogues', () => {
    expect(crc16(Buffer.from('123456789'))).toBe(0x29b1);
  });

  it('come back as they went, and no damaged one does', () => {
    const data = Buffer.from('t= hello');
    const bytes = frame(SOH, { address: 0xa7, letter: 'R', data });
    expect(frameAt(bytes, 0, SOH)).toEqual({
      kind: 'frame',
      frame: { address: 0xa7, letter: 'R', data: new Uint8Array(data) },
      length: bytes.length,
    });
    expect(frameAt(bytes, 0, STX)).toEqual({ kind: 'none' });
    for (let length = 1; length < bytes.length; length += 1) {
      expect(frameAt(bytes.subarray(0, length), 0, SOH)).toEqual({ kind: 'more' });
    }
    const inputs = Number(process.env.FUZZ_INPUTS ?? 1_000_000);
    const random = seeded(20261127);
    let taken = 0;
    for (let i = 0; i < inputs; i += 1) {
      const bent = Uint8Array.from(bytes);
      for (let changes = 1 + Math.floor(random() * 2); changes > 0; changes -= 1) {
        bent[Math.floor(random() * bent.length)] = Math.floor(random() * 256);
      }
      const found = frameAt(bent, 0, SOH);
      if (found.kind === 'frame' && Buffer.compare(bent, bytes) !== 0) taken += 1;
    }
    // Two bytes changed at random pass a check of 16 bits once in 65,536 times at most.
    expect(taken).toBeLessThanOrEqual(inputs / 20_000);
  });
});

describe('a panel', () => {
  it.each(['gb2312', 'utf-8'])('shows what it is told, in %s, and is read back', async (charset) => {
    const { simulated, write, read } = panel({ charset });
    expect(await write('text', ROWS)).toMatchObject({
      kind: 'done',
      readback: { value: ROWS, quality: 'good' },
    });
    expect(simulated.rows()).toEqual(['7路 开往 东站   3分钟', '因施工绕行，请到对面候车']);
    expect(await read('text')).toMatchObject({ value: ROWS });
    expect(await write('brightness', 35)).toMatchObject({ readback: { value: 35, unit: '%' } });
    expect(await read('brightness')).toMatchObject({ value: 35 });
  });

  it('shows its own text after power-up, and when it hears nothing', async () => {
    const { simulated, write, pass, read } = panel();
    await write('power-up-text', ' 正在启动');
    await write('loss-text', ' 数据中断');
    await write('loss-after', 60);
    await write('text', ROWS);
    pass(59_000);
    expect(simulated.rows()).toHaveLength(2);
    pass(2_000);
    expect(simulated.rows()).toEqual(['数据中断']);
    await read('brightness');
    expect(simulated.rows()).toHaveLength(2);
    simulated.powerCycle();
    expect(simulated.rows()).toEqual(['正在启动']);
    expect(await read('text')).toMatchObject({ value: ' 正在启动' });
  });

  it.each([
    ['text', ' a\n b\n c\n d\n e', 'the panel has 4 rows, got 5'],
    ['text', ` ${'宽'.repeat(13)}`, 'row 1 is wider than the 24 cells'],
    ['text', ' 馬', 'not in gb2312'],
    ['text', ' \u0002', 'not in gb2312'],
    ['text', `>${'宽'.repeat(800)}`, 'bytes, at most'],
    ['nothing', 1, 'cannot be written'],
  ])('%s %j is refused before it is sent: %s', async (point, value, reason) => {
    const { write, requests } = panel();
    expect(await write(point, value)).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining(reason),
    });
    expect(requests).toEqual([]);
  });

  it('may refuse by itself: nothing of it is taken for done', async () => {
    const { write } = panel();
    expect(await write('brightness', 101)).toMatchObject({
      kind: 'rejected',
      reason: 'the panel refuses: the value does not fit it',
    });
  });

  it('an echo, noise and the answers of others are passed over', async () => {
    const config = device(profile('kerbside-text-panel'));
    const session = textPanel.open({ device: config, clock: new VirtualClock(), log: silent });
    const other = frame(SOH, { address: 2, letter: 'R', data: Buffer.from('t= other') });
    const { exchange } = meterLine([new TextPanel({ now: () => 0 })], {
      before: (request) => Buffer.concat([request, Buffer.from([0xff, 1, 0x30]), other]),
    });
    const outcome = await session.write({ point: 'text', value: ' hello' }, exchange, never);
    expect(outcome).toMatchObject({ kind: 'done', readback: { value: ' hello' } });
  });

  it('its profile has to mark what is seen in public', () => {
    const own = profile('kerbside-text-panel');
    const points = own.points.map(({ signed: _, ...point }) => point);
    expect(textPanel.checkProfile({ ...own, points }).map(({ path }) => path)).toEqual(
      [0, 1, 2].map((i) => ['points', i, 'signed']),
    );
    expect(textPanel.checkDevice(device(own, { address: 'x' }), line)).toHaveLength(1);
  });
});

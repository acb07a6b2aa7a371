/**
 * Screens and loudspeakers of a pole, byte by byte: signed content, guidance, router, line, driver and simulated panels, of both
 * kinds; power that fails, a line that is pulled, a panel that does not take what is written.
 */
import { describe, expect, test } from 'vitest';
import { openLine } from '../../../agent/bus/open.ts';
import { CommandRouter } from '../../../agent/command/router.ts';
import { lotState } from '../../../agent/control/screens/guidance.ts';
import { pageOf, pagesOf } from '../../../agent/control/screens/rows.ts';
import { startScreens } from '../../../agent/control/screens/screens.ts';
import type {
  Content,
  MessageOutcome,
  ShownContent,
  ShownMessage,
  Texts,
} from '../../../agent/core/content/content.ts';
import { silent } from '../../../agent/core/log.ts';
import type { LotConfig, PoleConfig, ScreenConfig } from '../../../agent/core/pole.ts';
import { bad, good, type Value } from '../../../agent/core/reading.ts';
import type { AgentEvent } from '../../../agent/core/record.ts';
import { cellsOf } from '../../../agent/core/sign/text-panel.ts';
import type { DeviceConfig, LineConfig } from '../../../agent/core/site.ts';
import { Hub } from '../../../agent/hub/hub.ts';
import { driverFor } from '../../../drivers/index.ts';
import { ModbusSpeaker, ModbusTextPanel } from '../../../hw-sim/devices/modbus-text-panel.ts';
import { TextPanel } from '../../../hw-sim/devices/text-panel.ts';
import type { LineDevice } from '../../../hw-sim/lines/wire.ts';
import { simulatedLine } from '../../support/simulated-line.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { device, profile } from '../drivers/load.ts';
import { Pole } from './lamp.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const TEMPLATES: Readonly<Record<string, Texts>> = {
  welcome: { 'zh-CN': '欢迎光临港湾路', en: 'Welcome to Harbour Road' },
  lost: { 'zh-CN': '暂无信息', en: 'No information' },
  flood: { 'zh-CN': '前方积水，请绕行', en: 'Water on the road ahead, please take another way' },
  market: { 'zh-CN': '周末集市', en: 'Market on Sunday' },
};

/** Signed content as the screens have it: templates by their names, messages with their end. */
class Signed implements Content {
  readonly #clock: VirtualClock;
  #messages: { readonly message: ShownMessage; readonly until: number }[] = [];

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  shown(): ShownContent {
    this.#messages = this.#messages.filter(({ until }) => until > this.#clock.mono());
    const messages = this.#messages.map(({ message }) => message).toSorted((a, b) => b.priority - a.priority);
    return { revision: 0, messages, tiles: [], warnings: [], notices: [] };
  }

  show(template: string, priority: number, ttl: number, spoken = false): void {
    const texts = TEMPLATES[template] ?? {};
    this.#messages.push({
      message: { id: template, template, texts, priority, spoken, issuer: 'alarm:flood' },
      until: this.#clock.mono() + ttl,
    });
  }

  templates(): readonly [] {
    return [];
  }

  plain(template: string): Texts | undefined {
    return TEMPLATES[template];
  }

  onChange(): Disposable {
    return { [Symbol.dispose]: () => {} };
  }
  showMessage(): MessageOutcome {
    return { shown: false, code: 'unknown-template', reason: 'not here' };
  }
  withdraw(): boolean {
    return false;
  }
}

const LOT: LotConfig = {
  id: 'lot-east',
  title: { en: 'East car park', zh: '东停车场' },
  places: [
    { device: 'counter', point: 'free' },
    { device: 'camera', point: 'bay-1-occupied' },
  ],
  arrow: 'right',
  reopen: 3,
};

const SCREEN: ScreenConfig = {
  device: 'led',
  geometry: { rows: 4, columns: 24, charset: 'gb2312' },
  lots: ['lot-east'],
  default: 'welcome',
  loss: 'lost',
  lossAfter: 60,
  brightness: { day: 90, night: 20 },
};

async function pole(kind: 'modbus' | 'serial', change: Partial<PoleConfig> = {}) {
  const clock = new VirtualClock(Date.UTC(2027, 2, 4, 8));
  const hub = new Hub({ clock, log: silent, window: 5000, lane: () => 'telemetry', append: async () => {} });
  const events: AgentEvent[] = [];
  hub.onEvent((event) => void events.push(event));
  const now = () => clock.mono();
  const modbus = new ModbusTextPanel({ unit: 1, now });
  const serial = new TextPanel({ now });
  const speaker = new ModbusSpeaker(2);
  const stem = kind === 'modbus' ? 'generic-modbus-text-panel' : 'kerbside-text-panel';
  const led = device(profile(stem), { id: 'led', address: 1 });
  const voice = device(profile('generic-modbus-speaker'), { id: 'voice', line: 'voice', address: 2 });
  const stack = new AsyncDisposableStack();
  const line = (config: DeviceConfig, played: LineDevice) => {
    const sim = simulatedLine(clock, 9600, '8N1', [played]);
    const own: LineConfig = {
      id: config.line,
      kind: 'serial',
      port: 'sim',
      timeout: 300,
      serial: { baud: 9600, dataBits: 8, parity: 'none', stopBits: 1 },
    };
    const opened = openLine({
      line: own,
      devices: [config],
      driver: driverFor,
      clock,
      log: silent,
      publisher: hub,
      port: sim.port,
      random: () => 0.5,
    });
    return { sim, opened: stack.use(opened) };
  };
  const lines = new Map([
    ['led', line(led, kind === 'modbus' ? modbus : serial)],
    ['voice', line(voice, speaker)],
  ]);
  const router = stack.use(
    await CommandRouter.start({
      clock,
      log: silent,
      hub,
      journal: new Pole(0).journal,
      points: (id) => [led, voice].find((one) => one.id === id)?.profile.points,
      write: async (id, write, signal) => {
        const found = lines.get(id);
        if (found === undefined) throw new Error(`no ${id}`);
        return await found.opened.write(id, write, signal);
      },
      fallback: () => undefined,
    }),
  );
  const content = new Signed(clock);
  const night = { is: false };
  stack.use(
    startScreens({
      pole: {
        lots: [LOT],
        screens: [SCREEN],
        speakers: [{ device: 'voice', point: 'clip', clips: { flood: 3 }, every: 30 * SECOND }],
        ...change,
      },
      content,
      steer: router.steer,
      night: () => night.is,
      clock,
      hub,
      log: silent,
    }),
  );
  const free = (value: Value | null, taken: boolean | null = true) => {
    const at = (id: string, point: string) => ({ device: id, point, unit: '1' }) as const;
    const time = clock.mono();
    const one = (place: ReturnType<typeof at>, what: Value | null) =>
      what === null ? bad(place, 'timeout', time) : good(place, what, time);
    hub.readings([one(at('counter', 'free'), value), one(at('camera', 'bay-1-occupied'), taken)]);
  };
  const panel = { rows: () => (kind === 'modbus' ? modbus.rows() : serial.rows()) };
  const submit = (point: string, value: Value) =>
    router.submit({
      id: `c-${point}-${clock.mono()}`,
      device: point === 'clip' ? 'voice' : 'led',
      point,
      value,
      issuer: 'uplink:city',
      issued: Date.UTC(2027, 2, 4, 8),
      expires: Date.UTC(2027, 2, 5, 8),
      ttl: MINUTE,
    });
  /** Lets time pass, with the work of the lines in it. */
  const pass = (ms: number) => clock.advance(ms);
  return {
    clock,
    hub,
    events,
    modbus,
    serial,
    speaker,
    lines,
    content,
    night,
    free,
    panel,
    submit,
    pass,
    stop: () => stack.disposeAsync(),
  };
}

describe.each(['modbus', 'serial'] as const)('a %s panel', (kind) => {
  test('guides, shows messages in turn, an urgent one alone, and the default when nothing is to be said', async () => {
    const one = await pole(kind);
    await one.pass(10 * SECOND);
    // Nothing is known of the lot yet: no figure, and nobody is sent there.
    expect(one.panel.rows()).toEqual([`东停车场${' '.repeat(14)}--`]);
    one.free(12, false);
    await one.pass(8 * SECOND);
    expect(one.panel.rows()).toEqual([`东停车场${' '.repeat(12)}13 →`]);
    one.content.show('market', 3, 5 * MINUTE);
    const seen = new Set<string>();
    for (let i = 0; i < 20; i++) {
      await one.pass(SECOND);
      one.free(12, false);
      seen.add(one.panel.rows().join('|'));
    }
    expect(seen).toContain('周末集市|Market on Sunday');
    expect(seen).toContain(`东停车场${' '.repeat(12)}13 →`);
    one.content.show('flood', 8, 30 * SECOND);
    await one.pass(8 * SECOND);
    for (let i = 0; i < 15; i++) {
      await one.pass(SECOND);
      expect(one.panel.rows()[0]).toBe('前方积水，请绕行');
    }
    // It goes by itself when its time is over.
    await one.pass(15 * SECOND);
    expect(one.panel.rows()[0]).not.toBe('前方积水，请绕行');
    await one.stop();
  });

  test('shows its own text when nothing is heard, nothing old after power-up, and what is to be seen again', async () => {
    const one = await pole(kind, { screens: [{ ...SCREEN, lots: [] }] });
    await one.pass(15 * SECOND);
    expect(one.panel.rows()).toEqual(['欢迎光临港湾路', 'Welcome to Harbour Road']);
    const pulled = one.lines.get('led')?.sim.unplug();
    await one.pass(70 * SECOND);
    expect(one.panel.rows()).toEqual(['暂无信息', 'No information']);
    pulled?.[Symbol.dispose]();
    await one.pass(90 * SECOND);
    expect(one.panel.rows()).toEqual(['欢迎光临港湾路', 'Welcome to Harbour Road']);
    (kind === 'modbus' ? one.modbus : one.serial).powerCycle();
    expect(one.panel.rows()).toEqual([]);
    await one.pass(MINUTE);
    expect(one.panel.rows()).toEqual(['欢迎光临港湾路', 'Welcome to Harbour Road']);
    await one.stop();
  });

  test('takes no words by command, whoever sends them', async () => {
    const one = await pole(kind);
    await one.pass(5 * SECOND);
    for (const point of ['text', 'loss-text', 'power-up-text']) {
      const pending = one.submit(point, ' FREE BEER');
      await one.pass(SECOND);
      expect(await pending).toMatchObject({ state: 'rejected', code: 'not-allowed' });
    }
    expect(one.panel.rows().join()).not.toContain('BEER');
    const pending = one.submit('brightness', 40);
    await one.pass(SECOND);
    expect(await pending).toMatchObject({ state: 'done', readback: 40 });
    await one.stop();
  });
});

test('a panel that does not take what is written is told once, and written again', async () => {
  const one = await pole('modbus', { screens: [{ ...SCREEN, lots: [] }] });
  await one.pass(15 * SECOND);
  // Somebody else has put words there, and the panel is stuck.
  one.modbus.words.set(0x100, 0x2058);
  one.modbus.words.set(0x101, 0);
  one.modbus.stuck = true;
  await one.pass(3 * MINUTE);
  const told = one.events.filter(({ body }) => body.what === 'panel-differs');
  expect(told).toHaveLength(1);
  one.modbus.stuck = false;
  await one.pass(2 * MINUTE);
  expect(one.modbus.rows()).toEqual(['欢迎光临港湾路', 'Welcome to Harbour Road']);
  await one.stop();
});

test('it is dimmed at night', async () => {
  const one = await pole('modbus');
  await one.pass(10 * SECOND);
  expect(one.modbus.words.get(0x401)).toBe(90);
  one.night.is = true;
  await one.pass(5 * SECOND);
  expect(one.modbus.words.get(0x401)).toBe(20);
  await one.stop();
});

test('a loudspeaker says signed messages that have a clip, again while they hold, and nothing by command', async () => {
  const one = await pole('modbus');
  await one.pass(5 * SECOND);
  expect(one.speaker.played).toEqual([]);
  one.content.show('market', 5, 5 * MINUTE, true);
  one.content.show('welcome', 4, 5 * MINUTE, false);
  await one.pass(10 * SECOND);
  expect(one.speaker.played).toEqual([]);
  one.content.show('flood', 8, 70 * SECOND, true);
  await one.pass(5 * SECOND);
  expect(one.speaker.played).toEqual([3]);
  one.speaker.end();
  await one.pass(62 * SECOND);
  expect(one.speaker.played).toEqual([3, 3, 3]);
  await one.pass(20 * SECOND);
  expect(one.speaker.words.get(0)).toBe(0);
  const pending = one.submit('clip', 9);
  await one.pass(SECOND);
  expect(await pending).toMatchObject({ state: 'rejected', code: 'not-allowed' });
  expect(one.speaker.played).toEqual([3, 3, 3]);
  await one.stop();
});

describe('guidance', () => {
  const reading = (value: Value, time = 0) => good({ device: 'd', point: 'p', unit: '1' }, value, time);
  const state = (free: Value | null, taken: boolean | null, before?: 'free' | 'full' | 'unknown', now = 0) =>
    lotState(
      LOT,
      (id) => {
        const value = id === 'counter' ? free : taken;
        return value === null ? undefined : reading(value);
      },
      before,
      now,
    );

  test('sums what is free, is unknown when a part is, and opens again with a margin', () => {
    expect(state(12, false)).toMatchObject({ free: 13, state: 'free' });
    expect(state(12, true)).toMatchObject({ free: 12, state: 'free' });
    expect(state(0, true)).toMatchObject({ free: 0, state: 'full' });
    expect(state(-3, true)).toMatchObject({ free: 0, state: 'full' });
    expect(state(null, true)).toMatchObject({ free: undefined, state: 'unknown' });
    expect(state(12, true, 'free', 200_000)).toMatchObject({ state: 'unknown' });
    expect(state(2, true, 'full')).toMatchObject({ free: 2, state: 'full' });
    expect(state(2, false, 'full')).toMatchObject({ free: 3, state: 'free' });
    expect(state(2, true, 'free')).toMatchObject({ free: 2, state: 'free' });
  });

  test.each([
    ['gb2312', 24, 'full', '东停车场              满'],
    ['ascii', 20, 'free', 'East car park    7 >'],
    ['ascii', 12, 'free', 'East car 7 >'],
    ['ascii', 20, 'full', 'East car park   FULL'],
  ] as const)('in %s on %i cells, %s: %j', (charset, columns, now, row) => {
    const lots = [{ lot: LOT, free: now === 'free' ? 7 : 0, state: now }];
    const [page] = pagesOf(undefined, lots, { rows: 2, columns, charset });
    const [first] = page ?? [];
    expect(first?.text).toBe(row);
    expect(cellsOf(first?.text ?? '')).toBe(columns);
  });

  test('what is too long moves, what is too much stands in the last row, and what cannot be written is a question mark', () => {
    const geometry = { rows: 1, columns: 10, charset: 'ascii' } as const;
    expect(pageOf({ 'zh-CN': '积水', en: 'Water on the road' }, geometry)).toEqual([
      { text: 'Water on the road', scroll: true },
    ]);
    expect(pageOf({ 'zh-CN': '积水', en: 'Water' }, { ...geometry, charset: 'gb2312' })).toEqual([
      { text: '积水  Water', scroll: true },
    ]);
    expect(pageOf({ en: 'Café ①' }, geometry)).toEqual([{ text: 'Caf? 1', scroll: false }]);
  });
});

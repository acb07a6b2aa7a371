/** The voice of a sign: what it says, when, and that it can be read where it cannot be heard. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Board, BoardArrival } from '../../../../agent/core/board.ts';
import type { ShownMessage } from '../../../../agent/core/content/content.ts';
import { silent } from '../../../../agent/core/log.ts';
import type { AgentEvent } from '../../../../agent/core/record.ts';
import { faceOf } from '../../../../agent/sign/screen/face.ts';
import { Announcer } from '../../../../agent/sign/speech/announcer.ts';
import { findEngine, type SpeechEngine } from '../../../../agent/sign/speech/engine.ts';
import { boardInLanguage } from '../../../../agent/sign/speech/language.ts';
import { placeInQueue } from '../../../../agent/sign/speech/texts.ts';
import { boardIn, STATES } from '../../../support/sign-states.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const stateOf = (name: string): Board => {
  const state = STATES.find((one) => one.name === name);
  if (state === undefined) throw new Error(name);
  return boardIn(state, ['zh-CN', 'en'], undefined);
};

/** The board with its first arrival of these lines changed. */
function withArrivals(board: Board, changes: Readonly<Record<number, Partial<BoardArrival>>>): Board {
  const lines = board.lines.map((line, i) => {
    const [first, ...rest] = line.arrivals;
    const change = changes[i];
    if (first === undefined || change === undefined) return line;
    return { ...line, arrivals: [{ ...first, ...change }, ...rest] };
  });
  return { ...board, lines };
}

function stage(board: Board, engine?: SpeechEngine) {
  const clock = new VirtualClock();
  const events: AgentEvent[] = [];
  let shown = board;
  let messages: readonly ShownMessage[] = [];
  const announcer = new Announcer({
    sign: 'stop-1',
    languages: ['zh-CN', 'en'],
    showing: () => ({
      board: shown,
      face: ([language = 'en']) => faceOf(boardInLanguage(shown, language), 0),
    }),
    messages: () => messages,
    engine,
    volume: 80,
    clock,
    log: silent,
    hub: { event: (event) => void events.push(event) },
  });
  return {
    announcer,
    clock,
    events,
    show: (next: Board) => {
      shown = next;
      announcer.look();
    },
    message: (...next: readonly ShownMessage[]) => {
      messages = next;
      announcer.look();
    },
  };
}

/** An engine that keeps what it says. */
function listener(fail = false) {
  const said: { text: string; language: string; volume: number }[] = [];
  const engine: SpeechEngine = {
    name: 'espeak-ng',
    languages: ['zh-CN', 'en'],
    say: async (utterance) => {
      if (fail) throw new Error('no sound card');
      said.push(utterance);
    },
  };
  return { said, engine };
}
const settled = (announcer: Announcer) =>
  vi.waitFor(() => expect(announcer.transcript().some(({ outcome }) => outcome === 'waiting')).toBe(false));

describe('a press of the button', () => {
  test('tells the next three lines, soonest first, in both languages', async () => {
    const { said, engine } = listener();
    const { announcer } = stage(stateOf('live'), engine);
    const texts = announcer.press();
    expect(texts[0]).toMatch(/^7路，开往火车东站，3分钟后到。20路，.*。58路，.*。$/);
    expect(texts[1]).toMatch(/^Line 7 to .*, in 3 minutes\. Line 20 to .*\. Line 58 to .*\.$/);
    expect(texts[1]).toContain('East Railway Station');
    await settled(announcer);
    expect(said.map(({ language, volume }) => [language, volume])).toEqual([
      ['zh-CN', 80],
      ['en', 80],
    ]);
  });

  test('held down it is one', async () => {
    const { announcer, clock } = stage(stateOf('live'));
    expect(announcer.press()).toHaveLength(2);
    expect(announcer.press()).toHaveLength(0);
    await clock.advance(4_000);
    expect(announcer.press()).toHaveLength(2);
  });

  test.each(STATES.map(({ name }) => name))(
    '%s: something is said, and nothing that is not known',
    (name) => {
      const { announcer } = stage(stateOf(name));
      const texts = announcer.press();
      for (const text of texts) {
        expect(text.length).toBeGreaterThan(1);
        expect(text).not.toMatch(/undefined|NaN|\{|\}/);
      }
    },
  );

  test('at night it speaks softly, and calls no bus', async () => {
    const { said, engine } = listener();
    const quiet = { ...withArrivals(stateOf('live'), { 0: { approaching: true } }), quiet: true };
    const { announcer, show } = stage(quiet, engine);
    show(quiet);
    announcer.press();
    await settled(announcer);
    expect(said.map(({ volume }) => volume)).toEqual([40, 40]);
    expect(announcer.transcript().filter(({ outcome }) => outcome === 'quiet')).toHaveLength(2);
  });
});

describe('a bus that comes', () => {
  test('is called once', async () => {
    const { said, engine } = listener();
    const { announcer, show, clock } = stage(stateOf('live'), engine);
    const coming = withArrivals(stateOf('live'), { 0: { approaching: true, distance: 60 } });
    show(coming);
    show(coming);
    await clock.advance(30_000);
    show(coming);
    await settled(announcer);
    expect(said.map(({ text }) => text)).toEqual([
      '7路，开往火车东站，即将进站',
      expect.stringMatching(/^Line 7 to .*, arriving now$/),
    ]);
  });

  test('its place in the queue is told only where every bus before it is known', () => {
    const two = withArrivals(stateOf('live'), {
      0: { approaching: true, state: 'live', distance: 80 },
      1: { approaching: true, state: 'live', distance: 20 },
    });
    const [first, second] = two.lines;
    expect([placeInQueue(two, first?.id ?? ''), placeInQueue(two, second?.id ?? '')]).toEqual([2, 1]);
    const { announcer, show } = stage(stateOf('live'));
    show(two);
    const texts = announcer.transcript().map(({ text }) => text);
    expect(texts.some((text) => text.includes('即将进站，排队第2辆'))).toBe(true);
    expect(texts.some((text) => text.endsWith('number 2 in the queue'))).toBe(true);

    const unsure = withArrivals(two, { 1: { state: 'about' } });
    expect(placeInQueue(unsure, first?.id ?? '')).toBeUndefined();
    const { distance: _, ...without } = two.lines[1]?.arrivals[0] ?? ({} as BoardArrival);
    const blind: Board = {
      ...two,
      lines: two.lines.map((line, i) => (i === 1 ? { ...line, arrivals: [without as BoardArrival] } : line)),
    };
    expect(placeInQueue(blind, first?.id ?? '')).toBeUndefined();
  });
});

test('a signed message that may be spoken is said once, anew when its words change, and others never', async () => {
  const { said, engine } = listener();
  const { announcer, message } = stage(stateOf('live'), engine);
  const one = {
    id: 'a',
    texts: { 'zh-CN': '施工绕行', en: 'Detour' },
    priority: 3,
    spoken: true,
    issuer: 'flow:x',
    template: 'road',
  };
  message(one, { ...one, id: 'b', spoken: false });
  message(one);
  message({ ...one, texts: { 'zh-CN': '积水绕行', en: 'Flooding' } });
  await settled(announcer);
  expect(said.map(({ text }) => text)).toEqual(['施工绕行', 'Detour', '积水绕行', 'Flooding']);
});

describe('an emergency', () => {
  test('is said when it begins, before everything else, also at night', async () => {
    const { said, engine } = listener();
    const board = stateOf('takeover');
    const spoken: Board = {
      ...board,
      quiet: true,
      ...(board.takeover === undefined ? {} : { takeover: { ...board.takeover, spoken: true } }),
    };
    const { announcer, show } = stage(stateOf('live'), engine);
    announcer.press();
    show(spoken);
    show(spoken);
    await settled(announcer);
    expect(said[0]?.text).toContain(board.takeover?.title.main ?? '?');
    expect(said[0]?.volume).toBe(80);
    expect(announcer.transcript().filter(({ occasion }) => occasion === 'takeover')).toHaveLength(2);
  });
});

describe('without an engine', () => {
  test('everything can be read, and the health board says why nothing is heard', () => {
    const { announcer, events } = stage(stateOf('live'));
    const texts = announcer.press();
    expect(announcer.transcript().map(({ text, outcome }) => [text, outcome])).toEqual(
      texts.toReversed().map((text) => [text, 'no-engine']),
    );
    expect(events).toMatchObject([
      { event: 'content', device: 'stop-1', body: { what: 'announcement', texts } },
    ]);
    expect(announcer.health()).toMatchObject({ state: 'degraded', facts: { engine: null } });
    expect(announcer.health().fix).toContain('espeak-ng');
  });

  test('one that fails is told, and forgiven when it works', async () => {
    const { engine } = listener(true);
    const { announcer } = stage(stateOf('live'), engine);
    announcer.press();
    await settled(announcer);
    expect(announcer.health()).toMatchObject({ state: 'degraded', message: 'no sound card' });
    expect(announcer.transcript().every(({ outcome }) => outcome === 'failed')).toBe(true);
  });
});

describe('engines', () => {
  let dir: string;
  const never = new AbortController().signal;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'kerbside-speech-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));
  /** A program that writes down what it was called with and what came in. */
  const program = (name: string, body = '') => {
    const file = join(dir, name);
    writeFileSync(
      file,
      `#!/bin/sh\n${body}\necho "$@" > "${dir}/${name}.args"\ncat | tee "${dir}/${name}.in"\n`,
    );
    chmodSync(file, 0o755);
  };
  const read = (name: string) => readFileSync(join(dir, name), 'utf8').trim();
  const path = () => `${dir}:/usr/bin:/bin`;

  test('none is found where there is none', async () => {
    expect(await findEngine({ voices: {}, path: dir })).toBeUndefined();
  });

  test('espeak-ng gets the text by standard input and the language as its voice', async () => {
    program('espeak-ng');
    const engine = await findEngine({ voices: {}, path: path() });
    expect(engine?.name).toBe('espeak-ng');
    const text = '7路，开往东站 $(touch x) `id` --help';
    await engine?.say({ text, language: 'zh-CN', volume: 80 }, never);
    expect(read('espeak-ng.args')).toBe('-v cmn -a 80 -s 160 --stdin');
    expect(read('espeak-ng.in')).toBe(text);
  });

  test('piper speaks through the sound card, the better one of two', async () => {
    for (const name of ['piper', 'aplay', 'espeak-ng', 'spd-say']) program(name);
    const engine = await findEngine({ voices: { 'zh-CN': '/voices/zh.onnx' }, path: path() });
    expect([engine?.name, engine?.languages]).toEqual(['piper', ['zh-CN']]);
    await engine?.say({ text: '你好', language: 'zh-CN', volume: 50 }, never);
    expect(read('piper.args')).toBe('--model /voices/zh.onnx --output-raw');
    expect([read('piper.in'), read('aplay.in')]).toEqual(['你好', '你好']);
  });

  test('spd-say is taken where there is nothing else', async () => {
    program('spd-say');
    const engine = await findEngine({ voices: {}, path: path() });
    await engine?.say({ text: 'Line 7', language: 'en', volume: 100 }, never);
    expect([engine?.name, read('spd-say.args'), read('spd-say.in')]).toEqual([
      'spd-say',
      '-l en -i 0 -w -e',
      'Line 7',
    ]);
  });

  test('one that fails says what it said; one that is not needed any more is ended', async () => {
    program('espeak-ng', 'echo "no such card" >&2; exit 3');
    const engine = await findEngine({ voices: {}, path: path() });
    await expect(engine?.say({ text: 'x', language: 'en', volume: 50 }, never)).rejects.toMatchObject({
      code: 'source-failed',
      message: expect.stringContaining('it ends with 3 (no such card)'),
    });
    program('espeak-ng', 'exec sleep 60');
    const stop = new AbortController();
    const saying = engine?.say({ text: 'x', language: 'en', volume: 50 }, stop.signal);
    stop.abort(new Error('the sign stops'));
    await expect(saying).rejects.toThrow('the sign stops');
  });
});

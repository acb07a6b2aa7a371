/** Dark, frozen and wrong pages are found in under 15 s, restarted with back-off, and told once. */
import { describe, expect, test } from 'vitest';
import type { Board } from '../../../../agent/core/board.ts';
import { silent } from '../../../../agent/core/log.ts';
import { faceOf } from '../../../../agent/sign/screen/face.ts';
import type { Painted } from '../../../../agent/sign/screen/painted.ts';
import { sayings } from '../../../../agent/sign/screen/sayings.ts';
import { Showing } from '../../../../agent/sign/screen/showing.ts';
import { type ScreenState, ScreenWatch } from '../../../../agent/sign/screen/watch.ts';
import { boardIn, STATES } from '../../../support/sign-states.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

function street(name = 'live') {
  const clock = new VirtualClock();
  const begun = clock.mono();
  let state = STATES.find((one) => one.name === name);
  const showing = new Showing({
    clock,
    log: silent,
    make: (run, seq): Board => {
      const board = boardIn(state ?? { name, change: {} }, ['zh-CN', 'en'], undefined, run, seq);
      const { clock: wall } = board;
      // Time passes on the wall, and positions stay as fresh as they are.
      return wall === undefined
        ? board
        : { ...board, clock: { ...wall, wall: wall.wall + clock.mono() - begun } };
    },
  });
  const states: ScreenState[] = [];
  const restarts: [number, string][] = [];
  const watch = new ScreenWatch({
    showing,
    clock,
    onState: (one) => states.push(one),
    restart: (why) => restarts.push([Math.round(clock.mono() - begun), why]),
  });
  let count = 0;
  const paint = (change: Partial<Painted> = {}): readonly string[] => {
    const { board, at } = showing.current();
    const elapsed = clock.mono() - at;
    count += 1;
    return watch.take({
      run: board.run,
      seq: board.seq,
      count,
      elapsed,
      waited: 20,
      visible: true,
      size: [1080, 1920],
      texts: sayings(faceOf(board, elapsed)),
      hidden: [],
      ...change,
    });
  };
  const become = (to: string) => {
    state = STATES.find((one) => one.name === to);
    showing.changed();
  };
  const live = async (seconds: number, change?: Partial<Painted>) => {
    for (let i = 0; i < seconds; i += 2) {
      await clock.advance(2000);
      paint(change);
    }
  };
  return { clock, showing, watch, states, restarts, paint, become, live };
}

describe('the watch over the screen', () => {
  test('is content with a page that shows what it should', async () => {
    const { live, states, watch, restarts, paint } = street();
    expect(paint()).toEqual([]);
    await live(600);
    expect([states, restarts]).toEqual([['proven'], []]);
    expect(watch.unproven()).toBe(0);
  });

  test('finds a page that has fallen silent within 15 s, and starts it anew', async () => {
    const { live, clock, states, restarts, watch } = street();
    await live(60);
    const fell = clock.mono();
    for (let i = 0; i < 15; i++) await clock.advance(1000);
    expect(states).toEqual(['proven', 'frozen']);
    expect(restarts).toHaveLength(1);
    expect((restarts[0]?.[0] ?? 0) + 1000 - fell).toBeLessThan(15_000);
    expect(watch.unproven()).toBeGreaterThan(2000);
    await live(4);
    expect(states).toEqual(['proven', 'frozen', 'proven']);
  });

  test('finds other words on the screen within 15 s', async () => {
    const { live, clock, states, restarts, showing, paint } = street();
    await live(60);
    const fell = clock.mono();
    for (let i = 0; i < 2; i++) {
      await clock.advance(2000);
      const { board, at } = showing.current();
      const texts = sayings(faceOf(board, clock.mono() - at));
      paint({ texts: { ...texts, 'line:L7:0': '1\n分钟\nmin' } });
    }
    expect(states).toEqual(['proven', 'wrong']);
    expect((restarts[0]?.[0] ?? 0) + 1000 - fell).toBeLessThan(15_000);
    expect(restarts[0]?.[1]).toMatch(/line:L7:0 reads "1 \/ 分钟 \/ min" in place of "3 \/ 分钟/);
  });

  test('finds what is missing, covered, invisible or drawn too late', async () => {
    const { paint, clock } = street();
    const { showing } = street();
    const { time: _, ...without } = sayings(faceOf(showing.current().board, 0));
    expect(paint({ texts: without })).toContain('time is missing');
    expect(paint({ hidden: ['stop'] })).toContain('stop cannot be seen');
    expect(paint({ hidden: ['line:L7:0'] })).toContain('line:L7:0 cannot be seen');
    expect(paint({ visible: false })).toContain('the page is not visible');
    expect(paint({ waited: 9000 })).toContain('a picture took 9000 ms');
    expect(paint({ elapsed: 40_000 }).join()).toMatch(/its clock is off by/);
    await clock.advance(0);
  });

  test('does not take an old board for a new one', async () => {
    const { live, become, clock, states, showing, watch } = street();
    await live(10);
    const old = showing.current();
    become('takeover');
    await clock.advance(100);
    expect(showing.current().board.takeover).toBeDefined();
    for (let i = 0; i < 6; i++) {
      await clock.advance(2000);
      const elapsed = clock.mono() - old.at;
      watch.take({
        run: old.board.run,
        seq: old.board.seq,
        count: 100 + i,
        elapsed,
        waited: 10,
        visible: true,
        size: [1, 1],
        texts: sayings(faceOf(old.board, elapsed)),
        hidden: [],
      });
    }
    expect(states).toEqual(['proven', 'frozen']);
  });

  test('gives a browser a minute to come up, and pauses longer each time nothing came of it', async () => {
    const { clock, states, restarts } = street();
    for (let i = 0; i < 1500; i++) await clock.advance(1000);
    expect(states).toEqual(['dark']);
    const times = restarts.map(([at]) => Math.round(at / 1000));
    expect(times[0]).toBeGreaterThanOrEqual(60);
    expect(times[0]).toBeLessThan(65);
    const pauses = times.slice(1).map((at, i) => at - (times[i] ?? 0));
    expect(pauses.every((pause, i) => i === 0 || pause >= (pauses[i - 1] ?? 0))).toBe(true);
    expect(restarts.length).toBeLessThan(12);
  });

  test('a fault screen and a takeover are proven like any other', async () => {
    for (const name of ['fault', 'takeover', 'night', 'clock-lost', 'many-lines']) {
      const { paint, live, states } = street(name);
      expect([name, paint()]).toEqual([name, []]);
      await live(30);
      expect([name, states]).toEqual([name, ['proven']]);
    }
  });
});

describe('boards', () => {
  test('are sent when they say something new, and every 15 s', async () => {
    const { clock, showing, become } = street();
    const seen: number[] = [];
    using _ = showing.onBoard(({ board }) => seen.push(board.seq));
    for (let i = 0; i < 10; i++) await clock.advance(1000);
    expect(seen.length).toBeLessThanOrEqual(10);
    const before = seen.length;
    become('takeover');
    await clock.advance(61);
    expect(seen).toHaveLength(before + 1);
    expect(showing.current().board.takeover).toBeDefined();
  });

  test('are remembered for half a minute after the next one, however many there were', async () => {
    const { clock, showing, become } = street();
    const first = showing.current().board.seq;
    for (let i = 1; i <= 40; i++) {
      await clock.advance(1000);
      become(i % 2 === 0 ? 'live' : 'takeover');
      await clock.advance(100);
    }
    const newest = showing.current().board.seq;
    expect(newest).toBeGreaterThan(first + 39);
    const known = Array.from({ length: newest - first + 1 }, (_, i) => first + i).filter(
      (seq) => showing.of(seq) !== undefined,
    );
    expect(known.at(-1)).toBe(newest);
    const oldest = known[0] ?? 0;
    expect(known).toHaveLength(newest - oldest + 1);
    const gone = clock.mono() - (showing.replaced(oldest) ?? 0);
    expect(gone).toBeLessThanOrEqual(30_000);
    expect(gone).toBeGreaterThan(28_000);
  });

  test('a board that cannot be made leaves the one before, which ages', async () => {
    const clock = new VirtualClock();
    let fails = false;
    const showing = new Showing({
      clock,
      log: silent,
      make: (run, seq) => {
        if (fails) throw new Error('broken');
        return boardIn({ name: 'live', change: {} }, ['en'], undefined, run, seq);
      },
    });
    fails = true;
    await clock.advance(30_000);
    expect(showing.current().board.seq).toBe(1);
  });
});

/** What riders say: on the record before it is thanked for, and bounded. */
import { expect, test } from 'vitest';
import type { AgentEvent } from '../../../../agent/core/record.ts';
import { CameraView } from '../../../../agent/sign/camera-view.ts';
import { FeedbackBox } from '../../../../agent/sign/feedback.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

function box(durable = true) {
  const clock = new VirtualClock();
  const events: AgentEvent[] = [];
  const made = new FeedbackBox({
    sign: 'stop-1',
    clock,
    hub: {
      record: async (some) => {
        if (!durable) throw new Error('the disk is ill');
        events.push(...some);
      },
    },
    seen: () => ({ rows: 3 }),
  });
  return { clock, events, take: made.take };
}

test('an answer is an event of the sign, with what was seen', async () => {
  const { events, take } = box();
  await take('late');
  expect(events).toMatchObject([
    { event: 'content', device: 'stop-1', body: { what: 'feedback', answer: 'late', rows: 3 } },
  ]);
});

test('the same tap twice is one, another answer is another, and later the same counts again', async () => {
  const { clock, events, take } = box();
  await take('late');
  await take('late');
  await take('dirty');
  await clock.advance(10_000);
  await take('late');
  expect(events.map(({ body }) => body.answer)).toEqual(['late', 'dirty', 'late']);
});

test('there is an end to an hour of tapping', async () => {
  const { clock, events, take } = box();
  for (let i = 0; i < 120; i += 1) {
    await take(i % 2 === 0 ? 'late' : 'on-time');
    await clock.advance(10_001);
  }
  const before = events.length;
  await clock.advance(10_001);
  const kept = events.length;
  expect(kept).toBe(before);
  let refused = 0;
  for (let i = 0; i < 10; i += 1) {
    await take('broken').catch(() => {
      refused += 1;
    });
    await clock.advance(10_001);
  }
  expect(events.length).toBeLessThanOrEqual(130);
  expect(refused + events.length).toBe(130);
  await clock.advance(3_600_000);
  await take('broken');
});

test('what is not kept is not thanked for', async () => {
  const { take } = box(false);
  await expect(take('late')).rejects.toThrow('the disk is ill');
});

test('the camera gives blurred pictures, one a second at most, and none that is old', async () => {
  const clock = new VirtualClock(1_000_000);
  const asked: boolean[] = [];
  let time = 1_000_000;
  const view = new CameraView({
    camera: 'cam-1',
    clock,
    preview: async (_, blur) => {
      asked.push(blur);
      return { jpeg: Uint8Array.of(1), width: 1, height: 1, time, detections: [] };
    },
  });
  await Promise.all([view.picture(), view.picture(), view.picture()]);
  expect(asked).toEqual([true]);
  await clock.advance(1_000);
  expect(await view.picture()).toEqual(Uint8Array.of(1));
  expect(asked).toEqual([true, true]);
  await clock.advance(20_000);
  expect(await view.picture()).toBeUndefined();
  time += 21_000;
  await clock.advance(1_000);
  expect(await view.picture()).toBeDefined();
});

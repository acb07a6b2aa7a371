import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Turns } from '../../../agent/core/turns.ts';

test('work begins when what came before it is over, and what fails stops nobody', async () => {
  const turns = new Turns();
  const said: string[] = [];
  const first = Promise.withResolvers<void>();
  const held = turns.take(async () => {
    said.push('first begins');
    await first.promise;
    said.push('first ends');
    return 1;
  });
  const failing = turns.take(async () => {
    said.push('second');
    throw new Error('it is refused');
  });
  const last = turns.take(() => said.push('third'));
  const outcome = expect(failing).rejects.toThrow('it is refused');
  await setImmediate();
  expect(said).toEqual(['first begins']);
  first.resolve();
  expect(await held).toBe(1);
  await outcome;
  expect(await last).toBe(4);
  expect(said).toEqual(['first begins', 'first ends', 'second', 'third']);
});

test('over waits for all that was taken, and does not fail with it', async () => {
  const turns = new Turns();
  await turns.over();
  let done = false;
  turns
    .take(async () => {
      await setImmediate();
      done = true;
      throw new Error('in vain');
    })
    .catch(() => {});
  await turns.over();
  expect(done).toBe(true);
});

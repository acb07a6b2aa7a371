/**
 * The store thread with a fault: it dies on its n-th commit, before it (`asked`) or after it became durable but before
 * anybody was told (`durable`). Whether it has died already stands in a file, so that the next generation lives.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { FromThread, ThreadData, ToThread } from '../../../agent/store/messages.ts';

const { dir } = workerData as ThreadData;
const plan = join(dir, 'dies');
const [when, nth] = existsSync(plan) ? readFileSync(plan, 'utf8').split(' ') : [];
let commits = 0;

function die(): void {
  writeFileSync(plan, '');
  process.exit(3);
}

if (parentPort !== null) {
  const post = parentPort.postMessage.bind(parentPort);
  parentPort.postMessage = (message: FromThread) => {
    if ('committed' in message && when === 'durable' && ++commits === Number(nth)) die();
    post(message);
  };
  parentPort.on('message', (message: ToThread) => {
    if ('commit' in message && when === 'asked' && ++commits === Number(nth)) die();
  });
}
await import('../../../agent/store/thread.ts');

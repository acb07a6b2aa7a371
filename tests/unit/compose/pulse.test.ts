/** What makes the watchdog begin the agent anew: a log that never answers, a console that does not; no cable and no city. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pulse } from '../../../agent/compose/pulse.ts';
import type { HealthState, PartHealth } from '../../../agent/core/view.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

let server: Server;
let port: number;
let status = 200;
beforeEach(async () => {
  status = 200;
  server = createServer((_request, response) => {
    response.statusCode = status;
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterEach(() => server.close());

function look(waited: number | undefined, state: HealthState): Promise<void> {
  const clock = new VirtualClock();
  const store = (): PartHealth => ({ part: 'store', state, since: 0, facts: {} });
  const waitingSince = () => (waited === undefined ? undefined : clock.mono() - waited);
  return pulse({
    clock,
    waitingSince,
    store,
    url: `http://127.0.0.1:${port}`,
  });
}

test('it beats while commits are settled and the console answers', async () => {
  await look(undefined, 'ok');
  await look(30_000, 'ok');
});

test('a log that calls itself well and has not answered for two minutes stands still', async () => {
  await expect(look(121_000, 'ok')).rejects.toThrow('the log has not answered for 121 s');
});

test('a log that is ill and says so needs no new start: a full disk would be full again', async () => {
  await look(600_000, 'down');
  await look(600_000, 'degraded');
});

test('a console that does not answer stands still', async () => {
  status = 500;
  await expect(look(undefined, 'ok')).rejects.toThrow('the console answers 500');
  server.close();
  server.closeAllConnections();
  await expect(look(undefined, 'ok')).rejects.toThrow();
});

/**
 * What every uplink must do at its link, for HJ 212. The suite of the others keeps books of records; here they are of
 * periods and stand in tests/unit/hj212 (order, restart, unacknowledged reports, closing, outages).
 */
import { describe, expect, it } from 'vitest';
import { AgentError } from '../../agent/core/errors.ts';
import { silent } from '../../agent/core/log.ts';
import { SystemClock } from '../../agent/core/time/system-clock.ts';
import type { UplinkContext } from '../../agent/core/uplink.ts';
import { hj212 } from '../../agent/uplink/hj212/index.ts';
import { startBureau } from '../../hw-sim/city/bureau-server.ts';
import { until } from '../support/mqtt-receiver.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { CONFIG, MN } from '../unit/hj212/station.ts';

const context = (clock: UplinkContext['clock']): UplinkContext => ({
  site: 'site-1',
  agent: 'pole-1',
  clock,
  log: silent,
  descriptions: () => [],
  submit: async ({ id }) => ({ id, state: 'rejected', code: 'not-allowed', at: 0 }),
});
const config = (port: number) => ({
  ...CONFIG,
  urls: [`tcp://127.0.0.1:${port}`],
  heartbeat: 100,
  timeout: 200,
});

async function stand() {
  const stack = new AsyncDisposableStack();
  const { bureau, port } = stack.use(await startBureau({ version: 2, mn: MN, password: '123456' }));
  const proxy = stack.use(await TcpProxy.to(port));
  return { bureau, proxy, [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose]() };
}

describe('uplink HJ 212', () => {
  it('turns away within its deadline where the connection never comes about', async () => {
    const clock = new VirtualClock();
    const never = new AbortController();
    // An address of TEST-NET-1 (RFC 5737): nobody answers, or the network says at once that it cannot be reached.
    const connecting = hj212.connect(
      { ...CONFIG, urls: ['tcp://192.0.2.1:5000'] },
      context(clock),
      never.signal,
    );
    const outcome = connecting.then(
      () => 'connected',
      (error: unknown) => (error instanceof AgentError ? error.code : String(error)),
    );
    await clock.advance(10_000);
    expect(await outcome).toBe('broker-unreachable');
  });

  it('says that nobody listens, with what to do', async () => {
    await using at = await stand();
    const { port } = at.proxy;
    await at.proxy[Symbol.asyncDispose]();
    const error: unknown = await hj212
      .connect(config(port), context(new SystemClock()), new AbortController().signal)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'broker-unreachable', retryable: true, fix: expect.any(String) });
  });

  it('finds a half-open link, and may be closed twice', async () => {
    await using at = await stand();
    const session = await hj212.connect(
      config(at.proxy.port),
      context(new SystemClock()),
      new AbortController().signal,
    );
    await until(() => at.bureau.heard.some(({ cn }) => cn === '9015'), 'a heart-beat');
    at.proxy.stalled = true;
    await expect(session.closed).rejects.toMatchObject({ code: 'link-lost' });
    await session[Symbol.asyncDispose]();
    await session[Symbol.asyncDispose]();
  });

  it('tells that the centre has closed the connection', async () => {
    await using at = await stand();
    const session = await hj212.connect(
      config(at.proxy.port),
      context(new SystemClock()),
      new AbortController().signal,
    );
    await until(() => at.bureau.connections === 1, 'the connection');
    at.bureau.cut();
    await expect(session.closed).rejects.toMatchObject({ code: 'link-lost' });
  });

  it('stops trying when aborted', async () => {
    const abort = new AbortController();
    abort.abort(new AgentError('aborted', 'the test is over'));
    await using at = await stand();
    await expect(
      hj212.connect(config(at.proxy.port), context(new SystemClock()), abort.signal),
    ).rejects.toMatchObject({ code: 'aborted' });
  });
});

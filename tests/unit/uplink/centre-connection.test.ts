/** What the conformance suite asks of a connection, of the uplinks to centres whose protocols have no place for an envelope. */
import { describe, expect, it } from 'vitest';
import { AgentError } from '../../../agent/core/errors.ts';
import { silent } from '../../../agent/core/log.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import type { UplinkContext, UplinkSession } from '../../../agent/core/uplink.ts';
import { buildingEnergy } from '../../../agent/uplink/building-energy/index.ts';
import { gb26875 } from '../../../agent/uplink/gb26875/index.ts';
import { EnergyCentre } from '../../../hw-sim/city/energy-centre.ts';
import { FireCentre } from '../../../hw-sim/city/fire-centre.ts';
import { type Centre, serveCentre } from '../../../hw-sim/city/pipe.ts';
import { realTime } from '../../../hw-sim/lines/timebase.ts';
import { until } from '../../support/mqtt-receiver.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { energyConfig, KEY, SECRET } from './energy-stand.ts';
import { FIRE_CONFIG } from './fire-stand.ts';

const context = (clock: UplinkContext['clock'] = new SystemClock()): UplinkContext => ({
  site: 'site-1',
  agent: 'pole-1',
  clock,
  log: silent,
  timezone: 'Asia/Shanghai',
  descriptions: () => [],
  submit: async ({ id }) => ({ id, state: 'rejected', code: 'not-allowed', at: 0 }),
});
const never = new AbortController().signal;

type Connect = (port: number, context: UplinkContext, signal: AbortSignal) => Promise<UplinkSession>;

const kinds: readonly (readonly [name: string, centre: () => Centre, connect: Connect])[] = [
  [
    'building-energy upload',
    () => new EnergyCentre({ style: 'netdau', key: KEY, secret: SECRET, time: realTime(), wall: Date.now }),
    (port, ...rest) =>
      buildingEnergy.connect(energyConfig({ platform: 'netdau', host: '127.0.0.1', port }), ...rest),
  ],
  [
    'GB/T 26875.3',
    () => new FireCentre({ time: realTime(), wall: Date.now }),
    (port, ...rest) => gb26875.connect({ ...FIRE_CONFIG, host: '127.0.0.1', port }, ...rest),
  ],
];

describe.each(kinds)('a connection of %s', (_, centre, connect) => {
  async function stand() {
    const stack = new AsyncDisposableStack();
    const server = stack.use(await serveCentre(centre()));
    const proxy = stack.use(await TcpProxy.to(server.port));
    return { proxy, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  }

  it('turns away within its deadline where nobody answers', async () => {
    await using at = await stand();
    at.proxy.stalled = true;
    const clock = new VirtualClock();
    const outcome = connect(at.proxy.port, context(clock), never).then(
      () => 'connected',
      (error: unknown) => (error instanceof AgentError ? error.code : String(error)),
    );
    await until(() => at.proxy.connections > 0, 'a try');
    await clock.advance(10_000);
    expect(await outcome).toBe('broker-unreachable');
  });

  it('says that nobody listens, with what to do', async () => {
    const at = await stand();
    const { port } = at.proxy;
    await at[Symbol.asyncDispose]();
    await expect(connect(port, context(), never)).rejects.toMatchObject({
      code: 'broker-unreachable',
      retryable: true,
      fix: expect.any(String),
    });
  });

  it('stops trying when aborted, and may be closed twice', async () => {
    await using at = await stand();
    at.proxy.stalled = true;
    const abort = new AbortController();
    const connecting = connect(at.proxy.port, context(), abort.signal);
    await until(() => at.proxy.connections > 0, 'a try');
    abort.abort(new AgentError('aborted', 'the test is over'));
    await expect(connecting).rejects.toMatchObject({ code: 'aborted' });
    at.proxy.stalled = false;
    const session = await connect(at.proxy.port, context(), never);
    await session[Symbol.asyncDispose]();
    await session[Symbol.asyncDispose]();
  });

  it('is lost when the far end goes, and says so', async () => {
    await using at = await stand();
    const session = await connect(at.proxy.port, context(), never);
    at.proxy.cut();
    await expect(session.closed).rejects.toMatchObject({ code: 'link-lost' });
    await session[Symbol.asyncDispose]();
  });
});

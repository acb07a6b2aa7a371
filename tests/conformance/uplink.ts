/**
 * What every uplink must do, as a suite over a far end that the test provides. The link between them is a TCP relay
 * that is cut, stalled and made one-way; the books are kept by the receiver's own ledger.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../agent/cli/verify/ledger.ts';
import { AgentError } from '../../agent/core/errors.ts';
import { silent } from '../../agent/core/log.ts';
import { SystemClock } from '../../agent/core/time/system-clock.ts';
import type { Uplink, UplinkContext } from '../../agent/core/uplink.ts';
import { type Pump, startPump } from '../../agent/uplink/pump.ts';
import type { Refusal } from '../../agent/uplink/refusal.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { until } from '../support/mqtt-receiver.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

/** The far end, behind a relay. */
export interface FarEnd extends AsyncDisposable {
  /** Where it listens on 127.0.0.1. */
  readonly port: number;
  /** The books of what arrived in the scope of `agent`. */
  receive(agent: string): Promise<AsyncDisposable & { report(): Report }>;
  /** Refuses every message with one of these numbers as a whole, for good. Absent: the protocol cannot say that. */
  poison?(agent: string, seqs: ReadonlySet<number>): void;
}

export interface UplinkSuite<C> {
  readonly name: string;
  /** The far end needs a program that this machine has not (tests/support/programs.ts). */
  readonly skip?: boolean;
  readonly uplink: Uplink<C>;
  farEnd(): Promise<FarEnd>;
  /** Settings that reach `port`; a dead link is to be found within 2 s. */
  config(port: number, agent: string): C;
}

interface Stand extends AsyncDisposable {
  readonly agent: string;
  readonly log: MemoryLog;
  readonly proxy: TcpProxy;
  readonly refusals: Refusal[];
  report(): Report;
  start(): Pump;
}

/** An acknowledgement may overtake the message on its way to the receiver. */
async function settledAndHeard(at: Stand, pump: Pump, records: number): Promise<void> {
  await until(() => pump.tally().settled === records, 'acknowledgements');
  await until(() => at.report().records === records, 'the last records');
}

export function uplinkConformance<C>({ name, skip = false, uplink, farEnd, config }: UplinkSuite<C>): void {
  let far: FarEnd;
  let agents = 0;

  const contextOf = (agent: string): UplinkContext => ({
    site: 'site-1',
    agent,
    clock: new SystemClock(),
    log: silent,
    descriptions: () => [],
    submit: async ({ id }) => ({ id, state: 'rejected', code: 'not-allowed', at: 0 }),
  });

  async function stand(): Promise<Stand> {
    const agent = `pole-${++agents}`;
    const proxy = await TcpProxy.to(far.port);
    const receiver = await far.receive(agent);
    const log = new MemoryLog();
    const context = contextOf(agent);
    const settings = config(proxy.port, agent);
    const refusals: Refusal[] = [];
    return {
      agent,
      log,
      proxy,
      refusals,
      report: () => receiver.report(),
      start: () =>
        startPump({
          uplink: 'city',
          agent,
          source: log,
          connect: (signal) => uplink.connect(settings, context, signal),
          clock: context.clock,
          log: silent,
          inFlight: 4,
          replayRate: 0,
          backoff: { first: 20, max: 100 },
          settle: (lane, cursor) => log.store('city', lane, cursor),
          refused: (_, records) => refusals.push(...records),
        }),
      [Symbol.asyncDispose]: async () => {
        await receiver[Symbol.asyncDispose]();
        await proxy[Symbol.asyncDispose]();
      },
    };
  }

  describe.skipIf(skip)(`uplink ${name}`, () => {
    beforeAll(async () => {
      far = await farEnd();
    });
    afterAll(async () => far[Symbol.asyncDispose]());

    it('delivers every lane, live and backlog, and the ledger balances', async () => {
      await using at = await stand();
      at.log.readings('telemetry', 700);
      at.log.readings('meter', 5);
      await using pump = at.start();
      await until(() => at.report().records === 705, 'the backlog');
      at.log.readings('alarm', 1);
      at.log.readings('telemetry', 30);
      pump.wake();
      await until(() => at.report().records === 736, 'live data');
      await until(() => pump.tally().settled === 736, 'acknowledgements');
      expect(at.report()).toMatchObject({ balanced: true, resent: 0 });
    });

    it('after an outage sends live at once and all of the backlog in order', async () => {
      await using at = await stand();
      await using pump = at.start();
      for (let i = 0; i < 30; i++) {
        if (i === 10) at.proxy.away();
        if (i === 20) at.proxy.back();
        at.log.readings('telemetry', 60);
        pump.wake();
        await new Promise((done) => setTimeout(done, 20));
      }
      await until(() => at.report().records === 1800, 'all records');
      await until(() => pump.tally().settled === 1800, 'acknowledgements');
      expect(at.report()).toMatchObject({ balanced: true, outOfOrder: 0 });
      expect(at.proxy.connections).toBeGreaterThan(1);
    });

    it('survives a link that flaps, losing and doubling nothing', async () => {
      await using at = await stand();
      await using pump = at.start();
      for (let i = 0; i < 12; i++) {
        at.log.readings('telemetry', 300);
        pump.wake();
        await new Promise((done) => setTimeout(done, 7 * i));
        at.proxy.cut();
      }
      await settledAndHeard(at, pump, 3600);
      expect(at.report()).toMatchObject({ balanced: true, records: 3600, outOfOrder: 0 });
    });

    it('finds a half-open link and sends again what was not acknowledged', async () => {
      await using at = await stand();
      await using pump = at.start();
      await until(() => pump.tally().connected, 'the link');
      at.proxy.stalled = true;
      at.log.readings('telemetry', 50);
      pump.wake();
      await until(() => !pump.tally().connected, 'the link found dead');
      at.proxy.cut();
      at.proxy.stalled = false;
      await settledAndHeard(at, pump, 50);
      expect(at.report()).toMatchObject({ balanced: true, records: 50 });
    });

    it('stops amid unacknowledged messages within 2 s and goes on after a restart, doubling nothing', async () => {
      await using at = await stand();
      const pump = at.start();
      await until(() => pump.tally().connected, 'the link');
      at.proxy.silent = true;
      at.log.readings('telemetry', 200);
      pump.wake();
      await until(() => at.report().records > 0, 'records without acknowledgement');
      const began = performance.now();
      await pump[Symbol.asyncDispose]();
      // 2 s are promised; a loaded machine gets some more.
      expect(performance.now() - began).toBeLessThan(4000);
      expect(at.log.cursor('city', 'telemetry').low).toBe(0);
      at.proxy.silent = false;
      await using again = at.start();
      await settledAndHeard(at, again, 200);
      await until(() => at.report().resent > 0, 'records sent again');
      const report = at.report();
      expect(report).toMatchObject({ balanced: true, records: 200, conflicts: 0 });
    });

    it('loses nothing by a crash whose last cursors were not stored', async () => {
      await using at = await stand();
      const crashed = at.start();
      at.log.readings('telemetry', 100);
      crashed.wake();
      await until(() => crashed.tally().settled === 100, 'acknowledgements');
      await crashed[Symbol.asyncDispose]();
      at.log.store('city', 'telemetry', { low: 40, above: [[61, 70]] });
      at.log.readings('telemetry', 20);
      await using again = at.start();
      await settledAndHeard(at, again, 120);
      await until(() => at.report().resent === 50, 'records sent again');
      expect(at.report()).toMatchObject({ balanced: true, records: 120, resent: 50, outOfOrder: 0 });
    });

    it('turns away within its deadline where nobody answers', async () => {
      await using at = await stand();
      at.proxy.stalled = true;
      const clock = new VirtualClock();
      const context = { ...contextOf(at.agent), clock };
      const connecting = uplink.connect(
        config(at.proxy.port, at.agent),
        context,
        new AbortController().signal,
      );
      const outcome = connecting.then(
        () => 'connected',
        (error: unknown) => (error instanceof AgentError ? error.code : String(error)),
      );
      await until(() => at.proxy.connections > 0, 'a try');
      await clock.advance(10_000);
      expect(await outcome).toBe('broker-unreachable');
    });

    it('says that nobody listens, with what to do', async () => {
      await using at = await stand();
      const { port } = at.proxy;
      await at.proxy[Symbol.asyncDispose]();
      const error = await uplink
        .connect(config(port, at.agent), contextOf(at.agent), new AbortController().signal)
        .then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
      expect(error).toBeInstanceOf(AgentError);
      expect(error).toMatchObject({ code: 'broker-unreachable', retryable: true });
      expect((error as AgentError).fix).toBeTypeOf('string');
    });

    it('stops trying when aborted, and may be closed twice', async () => {
      await using at = await stand();
      at.proxy.stalled = true;
      const abort = new AbortController();
      const connecting = uplink.connect(config(at.proxy.port, at.agent), contextOf(at.agent), abort.signal);
      await until(() => at.proxy.connections > 0, 'a try');
      abort.abort(new AgentError('aborted', 'the test is over'));
      await expect(connecting).rejects.toMatchObject({ code: 'aborted' });
      at.proxy.stalled = false;
      const settings = config(at.proxy.port, at.agent);
      const session = await uplink.connect(settings, contextOf(at.agent), new AbortController().signal);
      await session[Symbol.asyncDispose]();
      await session[Symbol.asyncDispose]();
    });

    it('finds the records that are refused for good and delivers all others', async () => {
      await using at = await stand();
      if (far.poison === undefined) {
        // The protocol has no word for it: then everything that arrives is accepted.
        at.log.readings('telemetry', 64);
        await using pump = at.start();
        await until(() => pump.tally().settled === 64, 'acknowledgements');
        expect(at.refusals).toEqual([]);
        return;
      }
      far.poison(at.agent, new Set([13, 40]));
      at.log.readings('telemetry', 64);
      await using pump = at.start();
      await until(() => pump.tally().settled === 64, 'settled numbers');
      at.log.readings('telemetry', 1);
      pump.wake();
      await until(() => pump.tally().settled === 65, 'the record behind');
      expect(at.refusals.map(({ seq }) => seq)).toEqual([13, 40]);
      await until(() => at.report().records === 63, 'all others');
      const report = at.report();
      // What was under way behind the refused message has overtaken its good parts: order is all that suffers.
      expect(report).toMatchObject({ missing: 0, awaited: 0, conflicts: 0, broken: 0 });
      expect(report.lanes[0]?.explained).toEqual({ refused: 2 });
    });
  });
}

/** The peak limit over the real router and hub in virtual time: what it commands, leases, a crash, somebody else's hand. */
import { describe, expect, test } from 'vitest';
import { CommandRouter } from '../../../agent/command/router.ts';
import { ISSUER, PeakLimit } from '../../../agent/control/energy/shedding/controller.ts';
import type { Command, CommandJournal, CommandResult } from '../../../agent/core/command.ts';
import type { PeakLimitConfig } from '../../../agent/core/energy/peak-limit.ts';
import { AgentError } from '../../../agent/core/errors.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Point } from '../../../agent/core/point.ts';
import { good } from '../../../agent/core/reading.ts';
import type { AgentEvent } from '../../../agent/core/record.ts';
import { Hub } from '../../../agent/hub/hub.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const START = Date.parse('2027-07-01T10:00:00+08:00');

const ENABLE: Point = {
  id: 'enable',
  title: { en: 'Enable' },
  type: 'boolean',
  unit: '1',
  access: 'read-write',
  aggregation: 'state',
  lane: 'telemetry',
};

const CONFIG: PeakLimitConfig = {
  limit: 100,
  window: 15 * MINUTE,
  margin: 0.03,
  power: { device: 'main', point: 'power' },
  armed: true,
  restoreEvery: 2 * MINUTE,
  response: 30 * SECOND,
  lease: 10 * MINUTE,
  loads: ['charger', 'heater'].map((id, i) => ({
    id,
    device: id,
    point: 'enable',
    shed: false,
    normal: true,
    kw: 20,
    priority: i + 1,
    minOn: 3 * MINUTE,
    minOff: 3 * MINUTE,
  })),
};

/** What survives the agent: loads, meter, journal. */
class Site {
  readonly clock = new VirtualClock(START);
  base = 50;
  readonly on = new Map([
    ['charger', true],
    ['heater', true],
  ]);
  readonly broken = new Set<string>();
  readonly accepted = new Map<string, Command>();
  readonly results = new Map<string, CommandResult>();

  get now(): number {
    return START + this.clock.mono();
  }

  get power(): number {
    return this.base + [...this.on.values()].filter(Boolean).length * 20;
  }

  readonly journal: CommandJournal = {
    accept: async (command) => {
      this.accepted.set(command.id, command);
      return { fresh: true };
    },
    finish: async (result) => void this.results.set(result.id, result),
    open: async () => [...this.accepted.values()].filter(({ id }) => !this.results.has(id)),
    recent: async (limit) =>
      [...this.accepted.values()]
        .reverse()
        .slice(0, limit)
        .flatMap((command) => {
          const result = this.results.get(command.id);
          return result === undefined ? [] : [{ command, result }];
        }),
  };

  get commands(): readonly Command[] {
    return [...this.accepted.values()];
  }
}

interface Running extends AsyncDisposable {
  readonly router: CommandRouter;
  readonly peak: PeakLimit | undefined;
  readonly events: readonly AgentEvent[];
  /** Minutes of life, with a reading of power every ten seconds. */
  run(minutes: number): Promise<void>;
}

async function runAgent(site: Site, config: PeakLimitConfig | undefined): Promise<Running> {
  const { clock } = site;
  const stack = new AsyncDisposableStack();
  const hub = stack.use(
    new Hub({ clock, log: silent, window: 5000, lane: () => 'telemetry', append: async () => {} }),
  );
  const events: AgentEvent[] = [];
  hub.onEvent((event) => void events.push(event));
  const router = stack.use(
    await CommandRouter.start({
      clock,
      log: silent,
      journal: site.journal,
      hub,
      points: (device) => (site.on.has(device) ? [ENABLE] : undefined),
      write: async (device, { value }) => {
        if (site.broken.has(device)) throw new AgentError('timeout', 'write failed: no answer within 300 ms');
        site.on.set(device, value === true);
        return { kind: 'done', readback: good({ device, point: 'enable', unit: '1' }, value, clock.mono()) };
      },
      fallback: (device, point) =>
        CONFIG.loads.find((one) => one.device === device && one.point === point)?.normal,
    }),
  );
  const { submit, override } = router;
  const peak = config && stack.use(new PeakLimit({ config, clock, hub, log: silent, submit, override }));
  return {
    router,
    peak,
    events,
    async run(minutes) {
      for (let i = 0; i < minutes * 6; i++) {
        hub.readings([good({ device: 'main', point: 'power', unit: 'kW' }, site.power, clock.mono())]);
        await clock.advance(10 * SECOND);
      }
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

describe('the peak limit', () => {
  test('sheds by priority under a lease that it renews, and gives back', async () => {
    const site = new Site();
    await using agent = await runAgent(site, CONFIG);
    await agent.run(20);
    expect(site.commands).toEqual([]);
    site.base = 75;
    await agent.run(30);
    expect(site.on.get('charger')).toBe(false);
    expect(site.on.get('heater')).toBe(true);
    const own = site.commands.filter(({ device }) => device === 'charger');
    expect(own[0]).toMatchObject({ issuer: ISSUER, value: false, lease: CONFIG.lease });
    // Half an hour is longer than a lease: it was renewed, and never came back in between.
    expect(own.length).toBeGreaterThan(3);
    expect(own.every(({ value }) => value === false)).toBe(true);
    site.base = 50;
    await agent.run(20);
    expect(site.on.get('charger')).toBe(true);
    expect(agent.peak?.state.shed).toEqual([]);
    const told = agent.events.filter(({ event }) => event === 'energy').map(({ body }) => body.act);
    expect(told).toEqual(['shed', 'restore']);
  });

  test('a load comes back after its lease where the agent died and nobody renews it', async () => {
    const site = new Site();
    site.base = 75;
    {
      await using agent = await runAgent(site, CONFIG);
      await agent.run(20);
      expect(site.on.get('charger')).toBe(false);
    }
    // Restarted with the part gone from the site file: the router still knows the lease.
    await using agent = await runAgent(site, undefined);
    await agent.run(4);
    expect(site.on.get('charger')).toBe(false);
    await agent.run(8);
    expect(site.on.get('charger')).toBe(true);
  });

  test('a restart goes on with what is shed', async () => {
    const site = new Site();
    {
      await using agent = await runAgent(site, CONFIG);
      await agent.run(20);
      site.base = 75;
      await agent.run(20);
    }
    await using agent = await runAgent(site, CONFIG);
    expect(agent.peak?.state.shed).toEqual(['charger']);
    await agent.run(30);
    expect(site.on.get('charger')).toBe(false);
    site.base = 40;
    await agent.run(20);
    expect(site.on.get('charger')).toBe(true);
  });

  test('sheds the next one where a load does not do as it is told', async () => {
    const site = new Site();
    site.broken.add('charger');
    site.base = 75;
    await using agent = await runAgent(site, CONFIG);
    await agent.run(25);
    expect(site.on.get('heater')).toBe(false);
    expect(agent.peak?.state.shed).toContain('heater');
  });

  test('leaves a load alone that somebody else has', async () => {
    const site = new Site();
    await using agent = await runAgent(site, CONFIG);
    await agent.run(1);
    await agent.router.submit({
      id: 'mine',
      device: 'charger',
      point: 'enable',
      value: true,
      issuer: 'console:li',
      issued: site.now,
      expires: site.now + MINUTE,
      lease: 60 * MINUTE,
    });
    site.base = 75;
    await agent.run(25);
    expect(site.on.get('charger')).toBe(true);
    expect(site.on.get('heater')).toBe(false);
  });

  test('not armed it commands nothing and says what it would', async () => {
    const site = new Site();
    site.base = 75;
    await using agent = await runAgent(site, { ...CONFIG, armed: false });
    await agent.run(20);
    expect(site.commands).toEqual([]);
    expect(agent.peak?.state).toMatchObject({ armed: false, shed: ['charger', 'heater'] });
    expect(agent.events.filter(({ event }) => event === 'energy')[0]?.body).toMatchObject({
      what: 'peak-limit',
      load: 'charger',
      act: 'shed',
      armed: false,
    });
  });

  test('does nothing while the power is not known, and says so', async () => {
    const site = new Site();
    site.base = 75;
    await using agent = await runAgent(site, CONFIG);
    await site.clock.advance(30 * MINUTE);
    expect(site.commands).toEqual([]);
    expect(agent.peak?.state.blocked).toBe('power-unknown');
  });
});

/** The acts where no agent runs: the same sense over the log itself, without any line. */
import { siteClock } from '../../compose/clock.ts';
import { Directory } from '../../compose/describe.ts';
import { siteLog } from '../../compose/site-log.ts';
import type { Log } from '../../core/log.ts';
import type { SenseActs } from '../../core/sense.ts';
import type { Site } from '../../core/site.ts';
import { LocalDays } from '../../core/time/local-days.ts';
import { Hub } from '../../hub/hub.ts';
import { sensePlan } from '../../sense/plan.ts';
import { Sense } from '../../sense/sense.ts';
import { openStore } from '../../store/store.ts';

/** Opens the log of a site whose agent is stopped; what is told is durable when it is disposed. */
export async function actsOfLog(site: Site, log: Log): Promise<{ acts: SenseActs } & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const clock = siteClock(site);
  const directory = new Directory(site);
  const store = stack.use(
    await openStore({
      ...siteLog(site, directory, clock, log),
      ...(site.origin === undefined ? { onLastKnown: (wall: number) => clock.atLeast(wall) } : {}),
    }),
  );
  const hub = stack.use(
    new Hub({
      clock,
      log,
      window: site.log.window,
      lane: () => 'telemetry',
      append: (readings, events) => store.append(readings, events),
    }),
  );
  const plan = sensePlan(site.devices, site.rate);
  const sense = stack.use(
    new Sense({
      plan,
      clock,
      log,
      hub,
      onHealth: () => {},
      days: new LocalDays(site.timezone),
      snapshots: false,
    }),
  );
  await sense.remember(store);
  const held = stack.move();
  return { acts: sense, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

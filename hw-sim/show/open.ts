/** Opens the show of a street that runs: eyes on agent and city, the page, and what visitors may do to the agent. */
import { join } from 'node:path';
import type { AgentChild } from '../agent-child.ts';
import { freePort } from '../free-port.ts';
import type { StreetParts } from '../street-parts.ts';
import { AgentEye } from './agent-eye.ts';
import { CityEye } from './city-eye.ts';
import { linksOf } from './links.ts';
import { type Show, type StreetSpeed, startShow } from './server.ts';
import { keepsMachineTime } from './sunset.ts';

/** Times as fast as life that every street is offered at, besides its own speed. */
const RATES = [1, 60, 600];
/** First port tried for the page. */
const PORT = 8070;

export interface OpenShowOptions {
  readonly street: StreetParts;
  readonly agent: AgentChild;
  /** State folder of the agent. */
  readonly state: string;
  /** Address of the stop sign's screen. */
  readonly sign: string | undefined;
  /** Writes the site file anew, with a clock that shows `wall` now or the street's own time. */
  readonly writeSite: (wall?: number) => void;
  readonly tour?: 'once' | 'loop';
}

/** Rejects where the street has no city of its own: what another broker has cannot be seen from here. */
export async function openShow(options: OpenShowOptions): Promise<Show> {
  const { street, agent, state, sign, writeSite, tour } = options;
  if (street.broker === undefined) throw new Error('no show: the city is a broker of your own');
  await using parts = new AsyncDisposableStack();
  const door = join(state, 'console', 'login.sock');
  const eye = parts.use(new AgentEye(door));
  const city = parts.use(new CityEye(street.broker, street.scenario.site.id));
  const show = parts.use(
    await startShow({
      ground: {
        street,
        eye,
        city,
        agent: {
          get pid() {
            return agent.pid;
          },
          setClock(wall) {
            writeSite(wall);
            // The right time comes by itself from the city: only the wrong one needs a start that believes it.
            if (wall !== undefined && agent.pid !== undefined) process.kill(agent.pid, 'SIGKILL');
          },
        },
      },
      links: linksOf({ door, sign, eye }),
      port: await freePort(PORT),
      ...(keepsMachineTime(street) ? {} : { speed: speedOf(street) }),
      ...(tour === undefined ? {} : { tour }),
    }),
  );
  const owned = parts.move();
  return { url: show.url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function speedOf({ clock, speed }: StreetParts): StreetSpeed {
  return {
    rates: [...new Set([...RATES, speed])].sort((a, b) => a - b),
    set: async (rate) => clock.turn(rate),
  };
}

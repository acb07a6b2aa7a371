/**
 * The rest of the city around one street: agents with their own logs and uplinks at the street's own broker, behind a mobile
 * network that can be cut for all of them at once, and the receiver's ledger of each.
 */
import type { CityBroker } from '../city/broker.ts';
import { type City, openCity } from './city.ts';
import { type FleetLedger, FleetLedgers } from './ledgers.ts';

export interface FleetScenario {
  readonly agents: number;
  /** Readings a second of each. */
  readonly rate: number;
  readonly wrongClocks: number;
  readonly seed: number;
}

export interface FleetNow {
  readonly agents: number;
  readonly connected: number;
  readonly stored: number;
  readonly acknowledged: number;
  /** Waiting in the poles. */
  readonly backlog: number;
  /** Of the receiver: records, each once, and numbers that neither it nor a pole has. */
  readonly received: number;
  readonly missing: number;
  readonly repeated: number;
  readonly doubled: number;
}

export interface StreetFleet extends AsyncDisposable {
  readonly city: City;
  /** False: the mobile network is gone, for all of them. */
  readonly up: boolean;
  now(): FleetNow;
  /** By agent, in order of their ids. */
  ledgers(): readonly FleetLedger[];
  /** Idempotent, both. */
  cut(): void;
  restore(): void;
}

/** Site of the fleet in the topics: no street is called so. */
export const FLEET_SITE = 'city-around';
/** Between two lines for people, ms. */
const SAY_EVERY = 10_000;

/** Resolves when all have begun; they connect by themselves. */
export async function openFleet(
  { agents, rate, wrongClocks, seed }: FleetScenario,
  broker: CityBroker,
  say: (line: string) => void,
): Promise<StreetFleet> {
  await using stack = new AsyncDisposableStack();
  const ledgers = stack.use(new FleetLedgers(broker, FLEET_SITE));
  const city = stack.use(
    await openCity({
      agents,
      rate,
      wrongClocks,
      seed,
      brokers: [broker.url],
      site: FLEET_SITE,
      // One process is enough for hundreds, and a laptop has other things to do.
      workers: 1,
      payload: 'json',
    }),
  );
  let up = true;
  const now = (): FleetNow => {
    const { connected, stored, acknowledged, backlog } = city.facts();
    const { received, repeated, doubled, holes } = ledgers.sums();
    // A number that waits in a pole, or is on its way, is not missing.
    const missing = Math.max(0, holes - Math.max(backlog, stored - received));
    return { agents, connected, stored, acknowledged, backlog, received, repeated, doubled, missing };
  };
  const timer = setInterval(() => {
    const { connected, received, backlog, missing } = now();
    say(
      `fleet: ${connected} of ${agents} agents connected, ${received} records received, ${backlog} wait, ${missing} missing`,
    );
  }, SAY_EVERY);
  stack.defer(() => clearInterval(timer));
  const owned = stack.move();
  return {
    city,
    get up() {
      return up;
    },
    now,
    ledgers: () => ledgers.all(),
    cut() {
      up = false;
      city.carrier.cut();
    },
    restore() {
      if (!up) city.mark();
      up = true;
      city.carrier.restore();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

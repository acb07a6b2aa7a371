/** Switches the faults of a scenario on and off at their times, in real time or the street's since it opened. */
import { ArduinoFirmata } from './devices/arduino-firmata.ts';
import { faultOfLine, type ScenarioFault, troubleOfLink } from './scenario-faults.ts';
import type { StreetParts } from './street-parts.ts';
import type { StreetClock } from './world/world-clock.ts';

export type FaultGround = Pick<
  StreetParts,
  'lines' | 'devices' | 'broker' | 'link' | 'camera' | 'fleet' | 'world' | 'clock' | 'say'
>;

/** Calls once after `ms`; disposed, it does not. */
type After = (ms: number, run: () => void) => Disposable;

const afterReal: After = (ms, run) => {
  const timer = setTimeout(run, ms);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
};

/** By a clock that may be turned meanwhile. */
function afterOn(clock: StreetClock): After {
  return (ms, run) => {
    const due = clock.now() + ms;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const arm = (): void => {
      clearTimeout(timer);
      timer = setTimeout(
        () => {
          turns[Symbol.dispose]();
          run();
        },
        Math.max(0, (due - clock.now()) / clock.rate),
      );
    };
    const turns = clock.onTurn(arm);
    arm();
    return {
      [Symbol.dispose]() {
        clearTimeout(timer);
        turns[Symbol.dispose]();
      },
    };
  };
}

/** Runs the plan until disposed; then what is on is switched off, as far as it lasts. `times`: what its times count in. */
export function runFaultPlan(
  plan: readonly ScenarioFault[],
  ground: FaultGround,
  times: 'real' | 'street' = 'real',
): Disposable {
  const after = times === 'real' ? afterReal : afterOn(ground.clock);
  const timers = new Set<Disposable>();
  const on = new Set<() => void>();

  const later = (ms: number, run: () => void): void => {
    const timer = after(ms, () => {
      timers.delete(timer);
      run();
    });
    timers.add(timer);
  };

  const turn = (one: ScenarioFault): void => {
    const place = 'line' in one ? ` on ${one.line}` : '';
    ground.say(`fault: ${one.fault}${place}`);
    const off = switchOn(one, ground);
    on.add(off);
    if (one.for === undefined) return;
    later(one.for, () => {
      on.delete(off);
      off();
      ground.say(`fault over: ${one.fault}${place}`);
    });
    if (one.every !== undefined) later(one.every, () => turn(one));
  };

  for (const one of plan) later(one.at, () => turn(one));
  return {
    [Symbol.dispose]() {
      for (const timer of timers) timer[Symbol.dispose]();
      timers.clear();
      for (const off of on) off();
      on.clear();
    },
  };
}

function switchOn(one: ScenarioFault, ground: FaultGround): () => void {
  const { lines, devices, broker, link, camera, fleet, world, clock, say } = ground;
  const failed = (error: unknown): void => say(`fault ${one.fault} could not end: ${String(error)}`);
  switch (one.fault) {
    case 'city-away':
      broker?.cut().catch(failed);
      return () => void broker?.restore().catch(failed);
    case 'fleet-blackout':
      fleet?.cut();
      return () => fleet?.restore();
    case 'door-open':
      world.setHands({ doorOpen: true });
      return () => world.setHands({ doorOpen: false });
    case 'sos-pressed':
      world.setHands({ sosPressed: true });
      return () => world.setHands({ sosPressed: false });
    case 'mains-dip':
      world.setSupply(one.share, clock.now());
      return () => world.setSupply(1, clock.now());
    case 'camera-fog': {
      const fog = camera?.inject('fog');
      return () => fog?.[Symbol.dispose]();
    }
    case 'unplugged': {
      const line = lines.get(one.line);
      if (line?.kind !== 'serial') return () => undefined;
      line.port.unplug();
      return () => {
        line.port.replug().catch(failed);
        // A board that is fed by its USB cable starts anew.
        for (const { id } of line.plan.devices) {
          const device = devices.get(id);
          if (device instanceof ArduinoFirmata) device.reset();
        }
      };
    }
    default: {
      const trouble = troubleOfLink(one);
      if (trouble !== undefined) {
        const lasting = link?.trouble(trouble);
        return () => lasting?.[Symbol.dispose]();
      }
      const fault = faultOfLine(one);
      const line = 'line' in one ? lines.get(one.line) : undefined;
      if (fault === undefined || line === undefined) return () => undefined;
      const injected = line.kind === 'serial' ? line.port.wire.inject(fault) : line.port.inject(fault);
      return () => injected[Symbol.dispose]();
    }
  }
}

/** Switches the faults of a scenario on and off at their times, in real time since the street opened. */
import { ArduinoFirmata } from './devices/arduino-firmata.ts';
import { faultOfLine, type ScenarioFault } from './scenario-faults.ts';
import type { StreetParts } from './street-parts.ts';

type Ground = Pick<StreetParts, 'lines' | 'devices' | 'broker' | 'world' | 'say'>;

/** Runs the plan until disposed; then what is on is switched off, as far as it lasts. */
export function runFaultPlan(plan: readonly ScenarioFault[], ground: Ground): Disposable {
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const on = new Set<() => void>();

  const later = (ms: number, run: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      run();
    }, ms);
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
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      for (const off of on) off();
      on.clear();
    },
  };
}

function switchOn(one: ScenarioFault, { lines, devices, broker, world, say }: Ground): () => void {
  const failed = (error: unknown): void => say(`fault ${one.fault} could not end: ${String(error)}`);
  switch (one.fault) {
    case 'city-away':
      broker?.cut().catch(failed);
      return () => void broker?.restore().catch(failed);
    case 'door-open':
      world.setHands({ doorOpen: true });
      return () => world.setHands({ doorOpen: false });
    case 'sos-pressed':
      world.setHands({ sosPressed: true });
      return () => world.setHands({ sosPressed: false });
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
      const fault = faultOfLine(one);
      const line = lines.get(one.line);
      if (fault === undefined || line === undefined) return () => undefined;
      const injected = line.kind === 'serial' ? line.port.wire.inject(fault) : line.port.inject(fault);
      return () => injected[Symbol.dispose]();
    }
  }
}

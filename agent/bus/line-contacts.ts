/** The contacts of all devices of a line, between their drivers and those who take the readings. */

import type { DeviceMemory, PointWrite, WriteOutcome } from '../core/driver.ts';
import type { Publisher } from '../core/hub.ts';
import type { Reading } from '../core/reading.ts';
import type { DeviceConfig } from '../core/site.ts';
import type { Clock } from '../core/time/clock.ts';
import { Contacts } from './contacts.ts';
import { FailSafe } from './fail-safe.ts';

interface LineContactsOptions {
  readonly devices: readonly DeviceConfig[];
  /** See `ContactsOptions`. */
  readonly asked: (device: DeviceConfig) => boolean;
  readonly clock: Clock;
  /** Absent in the tools of a technician: they count nothing and switch nothing by themselves. */
  readonly memory?: (device: string) => DeviceMemory;
}

type Write = (device: string, write: PointWrite, signal: AbortSignal) => Promise<WriteOutcome>;

export class LineContacts implements Disposable {
  readonly #options: LineContactsOptions;
  readonly #contacts = new Map<string, Contacts>();
  readonly #outputs = new Map<string, FailSafe>();
  #publisher: Publisher | undefined;
  #write: Write | undefined;

  constructor(options: LineContactsOptions) {
    this.#options = options;
  }

  /** What the drivers publish to. */
  publisher(publisher: Publisher): Publisher {
    this.#publisher = publisher;
    for (const device of this.#options.devices) this.#begin(device, publisher);
    return {
      readings: (readings) => {
        if (this.#contacts.size === 0) {
          publisher.readings(readings);
          return;
        }
        publisher.readings(readings.flatMap((reading) => this.#taken(reading)));
        for (const [device, outputs] of this.#outputs)
          outputs.look(readings.filter((reading) => reading.device === device));
      },
      event: (event) => publisher.event(event),
    };
  }

  /** How outputs are set. */
  outputs(write: Write): void {
    this.#write = write;
    for (const device of this.#options.devices) this.#guard(device);
  }

  /** Lets go of devices: their outputs show what they are to show without us. To be called while they can be written. */
  async remove(devices: readonly string[]): Promise<void> {
    await Promise.all(devices.map((device) => this.#outputs.get(device)?.stop()));
    for (const device of devices) {
      this.#contacts.get(device)?.[Symbol.dispose]();
      this.#contacts.delete(device);
      this.#outputs.delete(device);
    }
  }

  /** Takes devices up, before they are asked. */
  add(devices: readonly DeviceConfig[]): void {
    for (const device of devices) {
      if (this.#publisher !== undefined) this.#begin(device, this.#publisher);
      this.#guard(device);
    }
  }

  #begin({ id, contacts: rules, ...device }: DeviceConfig, publisher: Publisher): void {
    const { asked, clock, memory } = this.#options;
    if (rules === undefined) return;
    const contacts = new Contacts({
      device: id,
      rules,
      asked: asked({ id, contacts: rules, ...device }),
      clock,
      emit: (readings) => publisher.readings(readings),
      ...(memory === undefined ? {} : { memory: memory(`${id}/contacts`) }),
    });
    this.#contacts.set(id, contacts);
  }

  #guard({ id: device, contacts }: DeviceConfig): void {
    const { clock, memory } = this.#options;
    const [publisher, write] = [this.#publisher, this.#write];
    if (memory === undefined || publisher === undefined || write === undefined) return;
    if (contacts === undefined || Object.keys(contacts.failSafe).length === 0) return;
    const one = (what: PointWrite, signal: AbortSignal) => write(device, what, signal);
    const outputs = contacts.failSafe;
    this.#outputs.set(device, new FailSafe({ device, outputs, clock, publisher, write: one }));
  }

  commanded(device: string, point: string): void {
    this.#outputs.get(device)?.commanded(point);
  }

  /** Outputs show what they are to show without us. */
  async stop(): Promise<void> {
    await Promise.all(Array.from(this.#outputs.values(), (outputs) => outputs.stop()));
  }

  [Symbol.dispose](): void {
    for (const contacts of this.#contacts.values()) contacts[Symbol.dispose]();
  }

  #taken(reading: Reading): readonly Reading[] {
    return this.#contacts.get(reading.device)?.take([reading]) ?? [reading];
  }
}

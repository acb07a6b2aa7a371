/** What outlives a session: what the centre was told of each system and part, for its questions, and serial numbers. */
import type { Adu, VendorTypes } from '../../codec/gb26875/adu.ts';
import { readAdu } from '../../codec/gb26875/adu.ts';
import type { LoggedReading } from '../../core/record.ts';
import type { Gb26875UplinkConfig } from '../../core/site.ts';
import { LocalTime } from '../../core/time/local-time.ts';
import type { UplinkContext } from '../../core/uplink.ts';
import { FireObjects, type SentStates, vendorTypes } from './objects.ts';

/** Parts and operations remembered at most. */
const MOST = 5000;
const MOST_OPERATIONS = 255;

export class FireMemory {
  readonly serials = { next: 0 };
  readonly sent: SentStates = { states: new Map(), analogues: new Map() };
  readonly objects: FireObjects;
  readonly local: LocalTime;
  /** Newest object by type, system and part. */
  readonly latest = new Map<string, Uint8Array>();
  /** Operations at the fire system and at the device, oldest first. */
  readonly operations: Readonly<Record<4 | 24, Uint8Array[]>> = { 4: [], 24: [] };
  /** Devices that we forward: whether they are heard, by the newest of their readings (true time, ms). */
  readonly #heard = new Map<string, { readonly time: number; readonly silent: boolean }>();
  readonly #vendor: VendorTypes;

  constructor(config: Gb26875UplinkConfig, timezone: string) {
    this.local = new LocalTime(timezone);
    this.objects = new FireObjects(config, this.local);
    this.#vendor = vendorTypes(config);
  }

  /** True while a device that we forward is not heard. */
  get lineFault(): boolean {
    return [...this.#heard.values()].some(({ silent }) => silent);
  }

  /** True where it changes whether the device is heard; what is older than what is known changes nothing. */
  heard({ device, quality, time }: LoggedReading): boolean {
    const before = this.#heard.get(device);
    if (before !== undefined && before.time > time) return false;
    const silent = quality === 'bad';
    this.#heard.set(device, { time, silent });
    return silent !== (before?.silent ?? false);
  }

  /** Remembers what an ADU says. */
  keep(bytes: Uint8Array): void {
    const read = readAdu(bytes, this.#vendor);
    if (read.ok) this.#keep(read.adu);
  }

  #keep({ type, objects }: Adu): void {
    for (const { bytes, systemType, systemAddress, partAddress } of objects) {
      if (type === 4 || type === 24) {
        const list = this.operations[type];
        list.push(bytes);
        if (list.length > MOST_OPERATIONS) list.shift();
        continue;
      }
      const key = keyOf(type, systemType, systemAddress, partAddress);
      this.latest.delete(key);
      this.latest.set(key, bytes);
      const oldest = this.latest.keys().next().value;
      if (this.latest.size > MOST && oldest !== undefined) this.latest.delete(oldest);
    }
  }
}

export function keyOf(
  type: number,
  systemType?: number,
  systemAddress?: number,
  partAddress?: number,
): string {
  return `${type} ${systemType ?? ''} ${systemAddress ?? ''} ${partAddress ?? ''}`;
}

const memories = new WeakMap<UplinkContext, FireMemory>();

/** The memory of an uplink: its context is one for all of its sessions. */
export function fireMemoryOf(config: Gb26875UplinkConfig, context: UplinkContext): FireMemory {
  let memory = memories.get(context);
  if (memory === undefined) {
    memory = new FireMemory(config, context.timezone ?? 'UTC');
    memories.set(context, memory);
  }
  return memory;
}

/** What outlives a session: what the centre was told of each system and part, for its questions, and serial numbers. */
import type { Adu, VendorTypes } from '../../codec/gb26875/adu.ts';
import { readAdu } from '../../codec/gb26875/adu.ts';
import { LocalTime } from '../../core/local-time.ts';
import type { Gb26875UplinkConfig } from '../../core/site.ts';
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
  /** Devices that are not heard. */
  readonly silent = new Set<string>();
  readonly #vendor: VendorTypes;

  constructor(config: Gb26875UplinkConfig, timezone: string) {
    this.local = new LocalTime(timezone);
    this.objects = new FireObjects(config, this.local);
    this.#vendor = vendorTypes(config);
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

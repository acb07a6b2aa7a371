/** All lines of a site: each is opened, changed and closed apart from the others. */
import { isDeepStrictEqual } from 'node:util';
import type { PointWrite, WriteOutcome } from '../core/driver.ts';
import { AgentError } from '../core/errors.ts';
import type { DeviceConfig, LineConfig } from '../core/site.ts';
import type { PartHealth } from '../core/view.ts';
import { type LineHandle, type OpenLineOptions, openLine } from './open.ts';

export interface Lines extends AsyncDisposable {
  readonly lines: readonly LineHandle[];
  /** Finds the device's line. Rejects with `not-found` where there is none. */
  write(device: string, write: PointWrite, signal: AbortSignal): Promise<WriteOutcome>;
  health(): readonly PartHealth[];
  /**
   * Follows a changed site: lines that are gone or changed close, new ones open, devices come and go on those that stay.
   * Nothing else stops. Resolves when what had to close is closed and what is new has been started.
   */
  change(lines: readonly LineConfig[], devices: readonly DeviceConfig[]): Promise<void>;
}

/** Starts all lines of a site. */
export function openLines(
  options: Omit<OpenLineOptions, 'line' | 'port'> & { readonly lines: readonly LineConfig[] },
): Lines {
  const { lines: configs, devices: all, ...rest } = options;
  const on = (line: LineConfig, devices: readonly DeviceConfig[]) =>
    devices.filter((device) => device.line === line.id);
  const open = (line: LineConfig, devices: readonly DeviceConfig[]) => ({
    config: line,
    devices: on(line, devices),
    handle: openLine({ ...rest, line, devices: on(line, devices) }),
  });
  let running = configs.map((line) => open(line, all));
  return {
    get lines() {
      return running.map(({ handle }) => handle);
    },
    async write(device, write, signal) {
      const line = running.find(({ handle }) => handle.devices.includes(device));
      if (line === undefined) throw new AgentError('not-found', `write to ${device} failed: on no line`);
      return line.handle.write(device, write, signal);
    },
    health: () => running.flatMap(({ handle }) => handle.health()),
    async change(lines, devices) {
      const closing: PromiseLike<void>[] = [];
      const kept = new Map<string, (typeof running)[number]>();
      await Promise.all(
        running.map(async (one) => {
          const line = lines.find(({ id }) => id === one.config.id);
          if (line !== undefined && isDeepStrictEqual(line, one.config)) {
            const next = on(line, devices);
            const same = isDeepStrictEqual(next, one.devices);
            if (same || (await one.handle.change(next))) {
              kept.set(line.id, { ...one, devices: next });
              return;
            }
          }
          closing.push(one.handle[Symbol.asyncDispose]());
        }),
      );
      // A port may go from one line to another: all are closed before one is opened.
      await Promise.allSettled(closing);
      running = lines.map((line) => kept.get(line.id) ?? open(line, devices));
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(running.map(({ handle }) => handle[Symbol.asyncDispose]()));
    },
  };
}

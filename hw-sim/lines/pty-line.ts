/**
 * A simulated serial line behind a pseudo-terminal. The agent opens `path` like any port; it is raw from the start and
 * has a stable name, a symbolic link, that survives an unplugged adapter coming back under another number.
 */
import { once } from 'node:events';
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { ReadStream } from 'node:tty';
import { SerialPort } from 'serialport';
import type { Ledger } from '../ledger.ts';
import { portSettings } from './port-settings.ts';
import { realTime, type Timebase } from './timebase.ts';
import { Wire, type WireFormat } from './wire.ts';

/** What `open` of node-pty gives; its typings name only `spawn`. */
interface Pty {
  /** Descriptor of the master side, non-blocking. */
  readonly fd: number;
  /** /dev/pts/N */
  readonly ptsName: string;
  readonly master: ReadStream;
  readonly slave: ReadStream;
}

const { open: openPty } = createRequire(import.meta.url)('@lydell/node-pty') as {
  open(options: { readonly encoding: null }): Pty;
};

export interface PtyLineOptions extends WireFormat {
  readonly id: string;
  /** Symbolic link to make, replaced where it exists; its folder is made. Absent: no link. */
  readonly link?: string;
  readonly ledger?: Ledger;
  /** Default: the machine's clock. */
  readonly time?: Timebase;
  /** `half` for RS-485 (default), `full` for a UART. */
  readonly duplex?: 'half' | 'full';
  /** See `WireOptions.latency`. */
  readonly latency?: number;
  /**
   * Formats of the rates at which devices on the line listen, bit/s: then the line is as fast as the agent has set its port, and
   * the format is the one of that rate, for a pseudo-terminal does not keep it. Absent: the line is always as it is described.
   */
  readonly rates?: ReadonlyMap<number, string>;
}

export interface PtyLine extends AsyncDisposable {
  readonly id: string;
  readonly wire: Wire;
  /** The stable link where one was asked for, else the terminal's own path of now. */
  readonly path: string;
  /** What the agent's port is set to, where `rates` were given; else the line's own settings. */
  readonly settings: () => WireFormat;
  /** Bytes nobody took, because no one has the port open or reads it. */
  readonly lost: number;
  /** The adapter is pulled out: the port hangs up and its path is gone. Idempotent. */
  unplug(): void;
  /** It is back, under another number, the link leading to it. Idempotent. */
  replug(): Promise<void>;
}

interface Plugged {
  readonly pty: Pty;
  readonly held: number;
}

/** Rejects where the machine has no pseudo-terminals, or the link cannot be made. */
export async function openPtyLine(options: PtyLineOptions): Promise<PtyLine> {
  const { id, link } = options;
  let plugged: Plugged | undefined;
  let lost = 0;
  let settings: WireFormat = { baud: options.baud, format: options.format ?? '8N1' };
  const look = (path: string) => {
    if (options.rates === undefined) return;
    const { baud } = portSettings(path);
    settings = { baud, format: options.rates.get(baud) ?? options.format ?? '8N1' };
  };

  const wire = new Wire({
    id,
    baud: options.baud,
    ...(options.format === undefined ? {} : { format: options.format }),
    ...(options.ledger === undefined ? {} : { ledger: options.ledger }),
    ...(options.duplex === undefined ? {} : { duplex: options.duplex }),
    ...(options.latency === undefined ? {} : { latency: options.latency }),
    time: options.time ?? realTime(),
    ...(options.rates === undefined ? {} : { host: () => settings }),
    deliver(bytes) {
      if (plugged === undefined) {
        lost += bytes.length;
        return;
      }
      try {
        // Not through the stream: libuv would block this whole process on a terminal that nobody reads.
        lost += bytes.length - writeSync(plugged.pty.fd, bytes);
      } catch {
        // EAGAIN, the terminal's buffer is full: as on a real line, bytes that nobody takes are gone.
        lost += bytes.length;
      }
    },
  });

  const plug = async (): Promise<void> => {
    // The old one is let go only after the new one is there, so that the kernel cannot give the same number again.
    const fresh = await plugIn(options.baud, (bytes) => {
      look(fresh.pty.ptsName);
      wire.hear(bytes);
    });
    plugged = fresh;
    if (link === undefined) return;
    mkdirSync(dirname(link), { recursive: true });
    rmSync(link, { force: true });
    symlinkSync(fresh.pty.ptsName, link);
  };

  const unplug = (): void => {
    if (plugged === undefined) return;
    if (link !== undefined) rmSync(link, { force: true });
    pullOut(plugged);
    plugged = undefined;
  };

  await plug();
  let spare: Plugged | undefined;
  return {
    id,
    wire,
    settings: () => settings,
    get path() {
      return link ?? plugged?.pty.ptsName ?? '';
    },
    get lost() {
      return lost;
    },
    unplug,
    async replug() {
      if (plugged !== undefined) return;
      // Takes the lowest free number, the one just left, and keeps it, so that the line gets another.
      spare ??= await plugIn(options.baud, () => undefined);
      await plug();
    },
    async [Symbol.asyncDispose]() {
      unplug();
      if (spare !== undefined) pullOut(spare);
      await wire[Symbol.asyncDispose]();
    },
  };
}

async function plugIn(baud: number, onBytes: (bytes: Uint8Array) => void): Promise<Plugged> {
  const pty = openPty({ encoding: null });
  // node-pty reads the agent's side too, and would take bytes meant for it.
  pty.slave.on('error', () => undefined);
  const closed = once(pty.slave, 'close');
  pty.slave.destroy();
  await closed;
  // A descriptor of our own keeps the terminal (and its settings) alive while nobody has it open.
  const held = remaining(pty.ptsName) ?? openSync(pty.ptsName, constants.O_RDWR | constants.O_NOCTTY);
  pty.master.on('error', () => undefined);
  pty.master.on('data', onBytes);
  try {
    // A new terminal echoes and turns CR into LF. serialport makes it raw, and it stays so.
    const port = await SerialPort.binding.open({ path: pty.ptsName, baudRate: baud, lock: false });
    await port.close();
  } catch (error) {
    pullOut({ pty, held });
    throw new Error(`simulated line failed: the pseudo-terminal ${pty.ptsName} cannot be made raw`, {
      cause: error,
    });
  }
  return { pty, held };
}

/**
 * The descriptor that node-pty opened and forgot: libuv duplicates a terminal's descriptor and closes only its own.
 * Undefined where the system has no /proc.
 */
function remaining(path: string): number | undefined {
  try {
    for (const name of readdirSync('/proc/self/fd')) {
      try {
        if (readlinkSync(`/proc/self/fd/${name}`) === path) return Number(name);
      } catch {
        // The descriptor of the listing itself is gone by now.
      }
    }
  } catch {
    // No /proc.
  }
  return undefined;
}

function pullOut({ pty, held }: Plugged): void {
  // Never node-pty's own destroy(): for a terminal without a child it signals process −1, which is everybody.
  pty.master.destroy();
  closeSync(held);
}

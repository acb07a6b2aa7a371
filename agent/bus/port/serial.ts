/**
 * Serial port on the binding of serialport: it opens, sets and locks the port. Bytes are read and written here with
 * non-blocking system calls when the port is ready, not through the library's stream, which does each one in a
 * thread of the libuv pool: there a 200 µs answer waits behind every image that is being decoded, and neither the
 * moment of a request nor that of an answer is known well enough to keep 1.75 ms of silence without wasting the line.
 */
import { constants, readSync, writeSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { SerialPort } from 'serialport';
import { AgentError, asAgentError } from '../../core/errors.ts';
import type { SerialSettings } from '../../core/site.ts';
import type { Clock } from '../../core/time/clock.ts';
import { characterTime } from '../airtime.ts';
import { hold } from '../hold.ts';
import { pipeListeners } from '../pipe.ts';
import { type PortPath, portPath } from './path.ts';
import type { Pipe, Port } from './port.ts';

export interface SerialPortOptions {
  readonly path: string;
  readonly serial: SerialSettings;
  readonly rts?: { readonly before: number; readonly after: number };
  readonly clock: Clock;
  /** Where the adapter is when it has moved; for tests. */
  readonly paths?: PortPath;
}

/** What of serialport's Linux and macOS bindings is used below their stream. */
interface UnixBinding {
  readonly fd: number | null;
  readonly poller: { once(event: 'readable' | 'writable', run: (error: Error | null) => void): unknown };
  set(options: { rts?: boolean; lowLatency?: boolean }): Promise<void>;
  update(options: { baudRate: number }): Promise<void>;
  drain(): Promise<void>;
  close(): Promise<void>;
}

export function serialPort(options: SerialPortOptions): Port {
  const { path: configured, serial, clock } = options;
  const paths = options.paths ?? portPath(configured, clock);
  return {
    name: configured,
    // An adapter that is plugged in again is answered within this; opening a missing file costs nothing.
    retry: 1000,
    async open(signal) {
      signal.throwIfAborted();
      const path = await paths.current();
      const binding = await ready(path, options, serial);
      try {
        signal.throwIfAborted();
        await paths.opened(path);
      } catch (thrown) {
        await binding.close().catch(() => {});
        throw openError(configured, thrown);
      }
      return serialPipe(binding, options, (settings) => ready(path, options, settings));
    },
  };
}

/** The port open and as it is used. */
async function ready(path: string, options: SerialPortOptions, serial: SerialSettings): Promise<UnixBinding> {
  const binding = await opened(path, options.path, serial);
  try {
    // FTDI and others hold bytes back up to 16 ms otherwise. Not every driver knows it.
    await binding.set({ lowLatency: true }).catch(() => {});
    if (options.rts !== undefined) await binding.set({ rts: false });
    return binding;
  } catch (thrown) {
    await binding.close().catch(() => {});
    throw openError(options.path, thrown);
  }
}

async function opened(path: string, configured: string, serial: SerialSettings): Promise<UnixBinding> {
  // The binding's open blocks a pool thread and gives only text: the usual faults are told apart before it.
  try {
    await access(path, constants.R_OK | constants.W_OK);
  } catch (cause) {
    throw openError(configured, cause);
  }
  try {
    const binding = await SerialPort.binding.open({
      path,
      baudRate: serial.baud,
      dataBits: serial.dataBits,
      parity: serial.parity,
      stopBits: serial.stopBits,
      lock: true,
      // Closing to change the parity must not drop DTR, which powers some converters.
      hupcl: false,
    });
    if (!('poller' in binding)) {
      await binding.close();
      throw new AgentError('unsupported', `port ${configured} failed: serial ports need Linux or macOS`);
    }
    return binding;
  } catch (cause) {
    throw openError(configured, cause);
  }
}

function openError(name: string, cause: unknown): AgentError {
  if (cause instanceof AgentError) return cause;
  if (cause instanceof Error && cause.name === 'AbortError') return asAgentError(cause);
  const text = cause instanceof Error ? cause.message : String(cause);
  if (/ENOENT|ENXIO|ENODEV|No such/i.test(text)) {
    return new AgentError('port-missing', `port ${name} failed: it is not there`, {
      cause,
      fix: 'Plug the adapter in; `ls /dev/serial/by-id` shows the names of those that are.',
    });
  }
  if (/EACCES|EPERM|Permission|not permitted/i.test(text)) {
    return new AgentError('port-denied', `port ${name} failed: no permission`, {
      cause,
      retryable: true,
      fix: 'Add the user of the agent to the group dialout (`sudo usermod -aG dialout <user>`) and start it again.',
    });
  }
  if (/lock|busy|EBUSY|temporarily unavailable/i.test(text)) {
    return new AgentError('port-busy', `port ${name} failed: another program has it`, {
      cause,
      fix: 'Stop the other program; `fuser -v` with the name of the port shows which.',
    });
  }
  if (/Inappropriate ioctl|ENOTTY/i.test(text)) {
    return new AgentError('port-missing', `port ${name} failed: it is no serial port`, {
      cause,
      fix: 'Name the port of the adapter; `ls /dev/serial/by-id` shows them.',
    });
  }
  return new AgentError('port-missing', `port ${name} failed: ${text.replace(/^Error:? /, '')}`, {
    cause,
    fix: 'Check the adapter and its settings; its driver refused to open it.',
  });
}

function serialPipe(
  first: UnixBinding,
  { path, serial: settings, rts, clock }: SerialPortOptions,
  reopen: (serial: SerialSettings) => Promise<UnixBinding>,
): Pipe {
  let binding = first;
  let serial = settings;
  const { promise: closed, resolve: settleClosed } = Promise.withResolvers<void>();
  const listeners = pipeListeners((thrown) => lose(thrown));
  const buffer = Buffer.allocUnsafe(4096);
  let failure: AgentError | undefined;
  let over = false;

  const end = (): Promise<void> => {
    if (!over) {
      // First of all: closing cancels the waits for readiness, which call back before close() returns.
      over = true;
      listeners.clear();
      void binding
        .close()
        .catch(() => {})
        .then(settleClosed);
    }
    return closed;
  };
  const lose = (cause: unknown) => {
    if (over) return;
    const why = cause instanceof Error ? cause.message : String(cause);
    failure = new AgentError('link-lost', `port ${path} lost: ${why}`, {
      cause,
      fix: 'Plug the adapter in again; the agent opens it by itself.',
    });
    void end();
  };
  const whenReady = (event: 'readable' | 'writable', run: () => void) => {
    const own = binding;
    own.poller.once(event, (error) => {
      // One that was closed to be opened otherwise has nothing to say any more.
      if (over || own !== binding) return;
      if (error !== null) lose(error);
      else run();
    });
  };
  const read = () => {
    const { fd } = binding;
    if (fd === null) return;
    try {
      const length = readSync(fd, buffer);
      // Readable with nothing to read is a terminal that has hung up.
      if (length === 0) return lose(new Error('the adapter is gone'));
      listeners.deliver(new Uint8Array(buffer.subarray(0, length)), clock.mono());
    } catch (thrown) {
      if (!again(thrown)) return lose(thrown);
    }
    if (!over) whenReady('readable', read);
  };
  whenReady('readable', read);

  const writeAll = async (bytes: Uint8Array, signal: AbortSignal) => {
    for (let rest = bytes; rest.length > 0; ) {
      signal.throwIfAborted();
      const { fd } = binding;
      if (fd === null || over) {
        throw failure ?? new AgentError('link-lost', `port ${path} is closed`);
      }
      try {
        rest = rest.subarray(writeSync(fd, rest));
      } catch (thrown) {
        if (!again(thrown)) {
          lose(thrown);
          throw failure ?? asAgentError(thrown, 'link-lost');
        }
        await writable(signal);
      }
    }
  };
  const writable = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const abort = () => reject(asAgentError(signal.reason, 'aborted'));
      signal.addEventListener('abort', abort, { once: true });
      void closed.then(() => reject(failure ?? new AgentError('link-lost', `port ${path} is closed`)));
      whenReady('writable', () => {
        signal.removeEventListener('abort', abort);
        resolve();
      });
    });

  /** The library can change the rate of an open port, but not its parity: then it is opened anew. */
  const configure = async (wanted: SerialSettings) => {
    const current = binding;
    try {
      await current.drain();
      const { dataBits, parity, stopBits } = serial;
      if (wanted.dataBits === dataBits && wanted.parity === parity && wanted.stopBits === stopBits) {
        await current.update({ baudRate: wanted.baud });
      } else {
        binding = { ...CLOSED };
        await current.close();
        binding = await reopen(wanted);
        if (over) await binding.close();
        else whenReady('readable', read);
      }
      serial = wanted;
    } catch (thrown) {
      lose(thrown);
      throw failure ?? asAgentError(thrown, 'link-lost');
    }
  };

  return {
    closed,
    get failure() {
      return failure;
    },
    onData: listeners.add,
    configure,
    hold: (ms) => hold(clock, ms),
    async write(bytes, signal) {
      if (rts === undefined) return writeAll(bytes, signal);
      await binding.set({ rts: true });
      try {
        await clock.sleep(rts.before, signal);
        await writeAll(bytes, signal);
        await clock.sleep(bytes.length * characterTime(serial), signal);
        await binding.drain();
        if (rts.after > 0) await clock.sleep(rts.after, signal);
      } finally {
        // Whatever happened, the bus is given free: a driver left on silences every device.
        await binding.set({ rts: false }).catch(lose);
      }
    },
    [Symbol.asyncDispose]: end,
  };
}

/** Between closing and opening. */
const CLOSED: UnixBinding = {
  fd: null,
  poller: { once: () => undefined },
  set: async () => {},
  update: async () => {},
  drain: async () => {},
  close: async () => {},
};

function again(thrown: unknown): boolean {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return code === 'EAGAIN' || code === 'EWOULDBLOCK' || code === 'EINTR';
}

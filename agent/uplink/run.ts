/** The life of the uplink thread, given its log and its port: pumps until main says stop. */
import { createHash, randomBytes } from 'node:crypto';
import type { MessagePort } from 'node:worker_threads';
import type { Command, CommandResult } from '../core/command.ts';
import type { Facts, Log } from '../core/log.ts';
import type { LogSource } from '../core/record.ts';
import { caller } from '../core/rpc.ts';
import type { Periods } from '../core/time/period.ts';
import type { Machine } from '../core/uplink.ts';
import { type EarlierLogs, startPumps } from './pumps.ts';
import { ThreadClock } from './thread-clock.ts';
import type { FromThread, LogLevel, ThreadData, ToThread } from './thread-contract.ts';

/** A command's result may take as long as the device and its retries, ms. */
const COMMAND_DEADLINE = 120_000;

type Served = {
  submit(command: Command): Promise<CommandResult>;
  keep(key: string, value: number): Promise<void>;
};

/** What the thread gets from its composition besides the log. */
export interface Surroundings {
  /** Id of the machine. */
  readonly hardware: string;
  readonly earlier: EarlierLogs;
  /** Rollups; opened where an uplink wants them. */
  readonly periods?: Periods;
}

/** Serves until main says stop; afterwards nothing keeps the thread alive. Owns `source`. */
export function runUplinks(
  data: ThreadData,
  source: LogSource,
  port: MessagePort,
  { hardware, earlier, periods }: Surroundings,
): void {
  const tell = (message: FromThread) => port.postMessage(message);
  const clock = new ThreadClock(data.mapping);
  const main = caller<Served>(port, { deadline: COMMAND_DEADLINE, peer: 'main' });
  let { descriptions } = data;
  const pumps = startPumps({
    configs: data.configs,
    site: data.site,
    agent: data.agent,
    machine: machineOf(hardware, data.generation ?? 1),
    ...(data.timezone === undefined ? {} : { timezone: data.timezone }),
    ...(data.stateDir === undefined ? {} : { stateDir: data.stateDir }),
    earlier,
    source,
    ...(periods === undefined ? {} : { periods }),
    clock,
    log: logTo(tell, {}),
    descriptions: () => descriptions,
    submit: (command) => main.submit(command),
    keep: (key, value) => main.keep(key, value),
    tell,
    // The log may have been replaced by a new epoch: the thread ends, and the next one opens the new file.
    logFailed: (error) =>
      setImmediate(() => {
        throw error;
      }),
  });

  const stop = async () => {
    await pumps[Symbol.asyncDispose]();
    source[Symbol.dispose]();
    periods?.[Symbol.dispose]();
    main[Symbol.dispose]();
    port.close();
  };
  port.on('message', (message: ToThread) => {
    switch (message?.to) {
      case 'wake':
        pumps.wake();
        return;
      case 'mapping':
        clock.remap(message.mapping);
        return;
      case 'descriptions':
        ({ descriptions } = message);
        return;
      case 'configs':
        void pumps.change(message.configs);
        return;
      case 'stop':
        void stop();
    }
  });
  tell({ from: 'ready' });
}

/** What leaves of the id of the machine tells it from others, and nothing else of it. */
function machineOf(hardware: string, generation: number): Machine {
  const hash = createHash('sha256').update(`kerbside ${hardware}`).digest('hex');
  const machine = { hardware: hash.slice(0, 16), instance: randomBytes(8).toString('hex') };
  return generation > 1 ? { ...machine, generation } : machine;
}

/** Lines of the log are written by main. Facts travel as JSON, so that nothing in them can fail to be copied. */
function logTo(tell: (message: FromThread) => void, always: Facts): Log {
  const at =
    (level: LogLevel) =>
    (event: string, facts: Facts = {}) =>
      tell({ from: 'log', level, event, facts: JSON.parse(JSON.stringify({ ...always, ...facts })) });
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (facts) => logTo(tell, { ...always, ...facts }),
  };
}

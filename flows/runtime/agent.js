/**
 * The way to the agent: the channel of a child process, or a socket where Node-RED is a service of its own
 * (`KERBSIDE_FLOWS_SOCKET`). Both carry the same messages; the process ends when the agent is gone.
 */
import { execFile } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const RETRY_MS = 2000;

/** Emits `message` with each one that comes. */
class Agent extends EventEmitter {
  /**
   * @param {(message: object) => void} say
   * @param {(message: object) => Promise<void>} lastWords the same, and waits until it is out
   */
  constructor(say, lastWords) {
    super();
    this.say = say;
    this.lastWords = lastWords;
  }

  /** Tells the service manager that the event loop turns: it ends a process that has not said so for a minute. */
  feed() {
    if (process.env.NOTIFY_SOCKET !== undefined) execFile('systemd-notify', ['WATCHDOG=1'], () => {});
  }
}

/** Resolves when there is a way. */
export async function reachAgent() {
  const path = process.env.KERBSIDE_FLOWS_SOCKET;
  return path === undefined ? overChannel() : overSocket(path);
}

function overChannel() {
  const agent = new Agent(
    (message) => void process.send?.(message),
    (message) => new Promise((resolve) => process.send?.(message, () => resolve()) ?? resolve()),
  );
  process.on('message', (message) => agent.emit('message', message));
  process.on('disconnect', () => process.exit(0));
  return agent;
}

/** @param {string} path */
async function overSocket(path) {
  for (;;) {
    const socket = connect(path);
    try {
      await once(socket, 'connect');
    } catch {
      // The agent is not up yet, or has met another Node-RED. Waiting is no sign of illness.
      if (process.env.NOTIFY_SOCKET !== undefined) execFile('systemd-notify', ['WATCHDOG=1'], () => {});
      await sleep(RETRY_MS);
      continue;
    }
    const line = (/** @type {object} */ message) => `${JSON.stringify(message)}\n`;
    const agent = new Agent(
      (message) => void socket.write(line(message)),
      (message) => new Promise((resolve) => void socket.write(line(message), () => resolve())),
    );
    createInterface({ input: socket }).on('line', (line) => agent.emit('message', JSON.parse(line)));
    socket.on('error', () => {});
    socket.on('close', () => process.exit(0));
    return agent;
  }
}

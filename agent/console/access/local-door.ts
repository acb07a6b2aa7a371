/**
 * The way to a login link from a shell on this machine: a Unix socket in the state folder that only its owner may open.
 * Who can read the state folder is trusted already, so no secret needs to lie on the disk for this.
 */
import { once } from 'node:events';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { AgentError } from '../../core/errors.ts';

/** Longest path of a socket, bytes (sun_path of unix(7), less the final zero). */
const LONGEST_PATH = 107;
/** Longest wait of the asker, ms. */
const DEADLINE = 5_000;

function door(stateDir: string): string {
  return join(stateDir, 'console', 'login.sock');
}

/** What is told at the door. */
export interface LocalLogin {
  readonly link: string;
  /** To be typed on another device, instead of the link. */
  readonly short: string;
}

/** Answers each connection with a new login: its link, then its short code, a line each. Rejects with `unsupported` where the state folder's path is too long. */
export async function openLocalDoor(stateDir: string, login: () => LocalLogin): Promise<AsyncDisposable> {
  const path = door(stateDir);
  if (Buffer.byteLength(path) > LONGEST_PATH) {
    throw new AgentError(
      'unsupported',
      `login socket ${path} failed: its path is over ${LONGEST_PATH} bytes`,
      {
        fix: 'Choose a state folder with a shorter path.',
      },
    );
  }
  await mkdir(join(stateDir, 'console'), { recursive: true, mode: 0o700 });
  // The store's lock keeps a second agent out of this folder, so a socket that lies here is a dead one.
  await rm(path, { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    const { link, short } = login();
    socket.end(`${link}\n${short}\n`);
  });
  server.listen(path);
  await once(server, 'listening');
  await chmod(path, 0o600);
  return {
    [Symbol.asyncDispose]: async () => {
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Whether an agent runs on this state folder. */
export async function agentRuns(stateDir: string): Promise<boolean> {
  const socket = connect(door(stateDir));
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** A new login link from the agent that runs on this state folder. Rejects with `not-found` where none does. */
export async function requestLink(stateDir: string): Promise<string> {
  return (await requestLogin(stateDir)).link;
}

/** The same with the short code. */
export async function requestLogin(stateDir: string): Promise<LocalLogin> {
  const socket = connect(door(stateDir));
  socket.setTimeout(DEADLINE, () => socket.destroy(new Error(`no answer within ${DEADLINE} ms`)));
  try {
    const [link = '', short = ''] = (await text(socket)).split('\n');
    if (link === '') throw new Error('it hung up');
    return { link, short };
  } catch (cause) {
    throw new AgentError('not-found', `login link from the agent of ${stateDir} failed: no agent answers`, {
      cause,
      fix: 'Start the agent, or name the state folder of the one that runs.',
    });
  } finally {
    socket.destroy();
  }
}

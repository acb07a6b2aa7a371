/** Node-RED as a child of the agent: cleared environment, its words in our log. */
import { fork } from 'node:child_process';
import { AgentError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { FlowProcess, OpenFlowProcess } from './process.ts';

export interface ChildOptions {
  readonly entry: URL;
  readonly userDir: string;
  readonly log: Log;
}

export function flowChild({ entry, userDir, log }: ChildOptions): OpenFlowProcess {
  return async (): Promise<FlowProcess> => {
    const child = fork(entry, [], {
      // The thread of the flows has a limit of its own; this one only keeps it.
      execArgv: ['--max-semi-space-size=1'],
      env: { PATH: process.env.PATH ?? '', HOME: userDir, LANG: 'C.UTF-8' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const relay = (level: 'info' | 'warn') => (chunk: Buffer) => {
      for (const line of chunk.toString('utf8').split('\n')) {
        if (line.trim() !== '') log[level]('node-red.says', { line: line.trim().slice(0, 500) });
      }
    };
    child.stdout?.on('data', relay('info'));
    child.stderr?.on('data', relay('warn'));
    const ended = new Promise<never>((_, reject) => {
      child.once('error', (cause) =>
        reject(new AgentError('thread-died', `Node-RED did not start: ${cause.message}`, { cause })),
      );
      child.once('exit', (code, signal) =>
        reject(new AgentError('thread-died', `Node-RED ended (${signal ?? `exit code ${code}`})`)),
      );
    });
    ended.catch(() => {});
    return {
      send: (message) => {
        if (child.connected) child.send(message, () => {});
      },
      onMessage: (listener) => void child.on('message', listener),
      ended,
      kill: () => void child.kill('SIGKILL'),
    };
  };
}

/** The acts of a running agent, over its local API: the way in is the socket in its state folder, as for `login`. */
import { requestLink } from '../../console/access/local-door.ts';
import { AgentError, type ErrorCode } from '../../core/errors.ts';
import type { SenseActs } from '../../core/sense.ts';

/** Longest wait for an answer, ms. */
const DEADLINE = 30_000;

export interface Caller {
  get<T>(path: string): Promise<T>;
  send<T>(method: 'POST' | 'DELETE', path: string, body?: object): Promise<T>;
}

/** Rejects with `not-found` where no agent runs on the state folder. */
export async function actsOfAgent(stateDir: string): Promise<SenseActs> {
  const call = await callAgent(stateDir);
  const of = (device: string) => `/meters/${encodeURIComponent(device)}`;
  const maintained = (device: string) => `/devices/${encodeURIComponent(device)}/maintenance`;
  return {
    counters: async (device) => (await call.get<{ counters: never[] }>(`${of(device)}/counters`)).counters,
    tasks: async () => (await call.get<{ tasks: never[] }>('/meters/tasks')).tasks,
    marks: async (device) => {
      const query = device === undefined ? '' : `?device=${encodeURIComponent(device)}`;
      return (await call.get<{ marks: never[] }>(`/marks${query}`)).marks;
    },
    exchange: ({ device, ...body }) => call.send('POST', `${of(device)}/exchanges`, body),
    beginMaintenance: ({ device, lasts, ...body }) => {
      const end = lasts === undefined ? {} : { for_s: lasts / 1000 };
      return call.send('POST', maintained(device), { ...body, ...end });
    },
    endMaintenance: (device, by) => call.send('DELETE', `${maintained(device)}?by=${encodeURIComponent(by)}`),
    maintenance: async () => (await call.get<{ windows: never[] }>('/maintenance')).windows,
    correct: ({ device, ...body }) =>
      call.send('POST', `/devices/${encodeURIComponent(device)}/corrections`, body),
    raw: (device, point) =>
      call.get(`/devices/${encodeURIComponent(device)}/points/${encodeURIComponent(point)}/raw`),
    withdraw: (id) => call.send('DELETE', `/meters/exchanges/${encodeURIComponent(id)}`),
    explain: async (device, point, as, by) => {
      const body = { ...(point === undefined ? {} : { point }), as, by };
      return (await call.send<{ breaks: never[] }>('POST', `${of(device)}/explanations`, body)).breaks;
    },
  };
}

/** The API of the agent that runs on a state folder. Rejects with `not-found` where none does. */
export async function callAgent(stateDir: string): Promise<Caller> {
  return logIn(await requestLink(stateDir));
}

async function logIn(link: string): Promise<Caller> {
  const { origin } = new URL(link);
  const entered = await ask(link, { redirect: 'manual' });
  const cookie = (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const key = new URL(entered.headers.get('location') ?? '', origin).hash.replace('#key=', '');
  const headers = { cookie, 'x-kerbside-key': key, origin };
  const call = async <T>(path: string, init: RequestInit): Promise<T> => {
    const answer = await ask(`${origin}/api/v1${path}`, init);
    const text = await answer.text();
    if (answer.ok) return JSON.parse(text) as T;
    throw refusal(answer.status, text);
  };
  return {
    get: (path) => call(path, { headers }),
    send: (method, path, body) =>
      call(path, {
        method,
        headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  };
}

async function ask(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(DEADLINE) });
  } catch (cause) {
    throw new AgentError(
      'timeout',
      `asking the running agent failed: no answer from ${new URL(url).origin}`,
      {
        cause,
        fix: 'See the log of the agent.',
      },
    );
  }
}

function refusal(status: number, text: string): AgentError {
  let problem: { detail?: unknown; fix?: unknown } = {};
  try {
    problem = JSON.parse(text);
  } catch {
    // No problem details: the status alone has to do.
  }
  const code: ErrorCode = status === 404 ? 'not-found' : status === 400 ? 'config-invalid' : 'unsupported';
  const message = typeof problem.detail === 'string' ? problem.detail : `the agent answered ${status}`;
  return new AgentError(code, message, typeof problem.fix === 'string' ? { fix: problem.fix } : {});
}

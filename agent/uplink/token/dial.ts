/** TLS by a key in a token: opened in a process beside the agent, used as a plain pipe that nobody else can open. */
import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { aborted } from '../../core/aborted.ts';
import { AgentError, asAgentError } from '../../core/errors.ts';
import type { Clock } from '../../core/time/clock.ts';
import { tokenEnvironment } from '../../core/token-environment.ts';
import { keyUri, parseKeyUri, type TokenKey } from '../../core/token-key.ts';
import { DATA_FD, type Order, type Report } from './contract.ts';
import { ENGINE_PACKAGE, enginePath } from './engine.ts';
import { keyTrouble, pinRefused } from './trouble.ts';

export interface TokenTls {
  readonly tokenKey: TokenKey;
  /** PEM texts. */
  readonly cert: string;
  readonly ca?: string;
  /** How often the token is asked to sign, ms. Default 30000. */
  readonly proofEvery?: number;
}

export interface TokenLink {
  /** Plain bytes; it errs with why the connection ended, as a socket of TLS does. Destroying it ends the process. */
  readonly socket: Socket;
  /** End of the far end's certificate, as it says it. */
  readonly validTo: string;
}

const ENTRY = fileURLToPath(new URL('./process.ts', import.meta.url));
/** Established TLS needs the token no more, and would outlive one that was pulled out, ms. */
const PROOF_EVERY = 30_000;
/** After the pipe is closed the process still sends what it has, ms. */
const LAST_WORDS = 2000;
/** Log-ins at one token, one after the other: many have one session to give, and a wrong PIN must not be tried twice. */
const turns = new Map<string, Promise<unknown>>();
/** Keys whose PIN a token refused; a further try could lock it. */
const refused = new Map<string, AgentError>();

/**
 * Rejects with `AgentError` where the key is at fault, with what Node says of the connection otherwise, or with the
 * signal's reason; then no process is left. Who calls sets the deadline.
 */
export async function dialByToken(
  url: string,
  tls: TokenTls,
  clock: Clock,
  signal: AbortSignal,
): Promise<TokenLink> {
  const order = orderOf(url, tls);
  const { uri, pin = '', module = '' } = tls.tokenKey;
  const parsed = parseKeyUri(uri);
  const { token = '', serial = '' } = parsed.ok ? parsed.name : {};
  const at = JSON.stringify([module, token, serial, pin]);
  const before = turns.get(at);
  const mine = (async () => {
    await before?.catch(() => {});
    signal.throwIfAborted();
    const known = refused.get(at);
    if (known !== undefined) throw known;
    return await opened(order, tls, clock, signal, (error) => refused.set(at, error));
  })();
  turns.set(at, mine);
  const done = () => void (turns.get(at) === mine && turns.delete(at));
  mine.then(done, done);
  // Whoever is in front may take long: an abort does not wait for it.
  return await Promise.race([mine, aborted(signal).then(() => Promise.reject(signal.reason))]);
}

async function opened(
  order: Omit<Order, 'proofEvery'>,
  { tokenKey, proofEvery = PROOF_EVERY }: TokenTls,
  clock: Clock,
  signal: AbortSignal,
  lockOut: (error: AgentError) => void,
): Promise<TokenLink> {
  const child = start(tokenKey);
  const socket = child.stdio[DATA_FD] as unknown as Socket;
  // Stays for its whole life: an 'error' nobody hears would end the agent.
  socket.on('error', () => {});
  const first = Promise.withResolvers<Report & { readonly say: 'up' }>();
  let up = false;
  const fail = (error: Error) => {
    first.reject(error);
    if (up) socket.destroy(error);
  };
  child.on('message', (report: Report) => {
    if (report.say === 'up') {
      up = true;
      return first.resolve(report);
    }
    if (report.say === 'no-link')
      return fail(Object.assign(new Error(report.message), { code: report.code }));
    const error = keyTrouble(report, tokenKey, up);
    if (pinRefused(report)) lockOut(noMoreTries(error));
    fail(error);
  });
  child.once('error', fail);
  child.once('exit', (code, how) => {
    // 0: it sent everything, and what it had to say was said.
    if (!up || code !== 0) fail(ended(how ?? `exit code ${code}`));
  });
  const abort = () => fail(asAgentError(signal.reason, 'aborted'));
  signal.addEventListener('abort', abort, { once: true });
  try {
    child.send({ ...order, proofEvery } satisfies Order, () => {});
    const { validTo } = await first.promise;
    socket.once('close', () => {
      const late = clock.after(LAST_WORDS, () => child.kill('SIGKILL'));
      child.once('exit', () => late[Symbol.dispose]());
      if (child.connected) child.disconnect();
    });
    return { socket, validTo };
  } catch (thrown) {
    socket.destroy();
    child.kill('SIGKILL');
    throw thrown;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function ended(how: string): AgentError {
  return new AgentError('thread-died', `the process that holds the token ended (${how})`, {
    fix: 'The library of the token may be at fault: try it with pkcs11-tool --test.',
  });
}

function start({ module }: TokenKey): ChildProcess {
  return fork(ENTRY, [], {
    execArgv: ['--max-semi-space-size=1', '--disable-warning=ExperimentalWarning'],
    env: { ...tokenEnvironment(), ...(module === undefined ? {} : { PKCS11_MODULE_PATH: module }) },
    // What the engine prints may repeat the key with its PIN.
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'ipc'],
    // No terminal, or OpenSSL would ask there for a PIN that is missing.
    detached: true,
  });
}

function orderOf(url: string, { tokenKey: { uri, pin }, cert, ca }: TokenTls): Omit<Order, 'proofEvery'> {
  const { hostname, port, protocol } = new URL(url);
  const parsed = parseKeyUri(uri);
  if (!parsed.ok)
    throw new AgentError('config-invalid', `use of a key in a token failed: ${parsed.message}`, parsed);
  const engine = enginePath();
  if (engine === undefined)
    throw new AgentError(
      'unsupported',
      "use of a key in a token failed: OpenSSL's engine for PKCS#11 is missing",
      {
        fix: `Install ${ENGINE_PACKAGE}.`,
      },
    );
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || (protocol === 'mqtts:' ? 8883 : 443),
    engine,
    key: keyUri(parsed.name, pin),
    cert,
    ...(ca === undefined ? {} : { ca }),
  };
}

function noMoreTries({ message, fix, context, cause }: AgentError): AgentError {
  const what = `${message}; it is not tried again before the PIN or the key is changed or the agent starts anew, so that the token is not locked`;
  return new AgentError('auth-failed', what, { ...(fix === undefined ? {} : { fix }), context, cause });
}

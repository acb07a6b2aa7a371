/**
 * A camera over HTTP: one JPEG an answer, or an endless answer of them (multipart/x-mixed-replace, MJPEG); which of
 * the two it is, the camera's content type says. What comes from outside is checked before anything decodes it.
 */

import { AgentError, asAgentError } from '../../core/errors.ts';
import type { Clock } from '../../core/time/clock.ts';
import { type Frame, MAX_FRAME_BYTES, type Source, wholeJpeg } from './frame.ts';
import { JpegSplitter } from './jpeg-splitter.ts';
import { type Credentials, Login } from './login.ts';
import { Newest } from './newest.ts';

export interface HttpSourceOptions {
  readonly clock: Clock;
  readonly credentials?: Credentials;
  /** Longest wait for a whole picture, ms. Default 5000. */
  readonly deadline?: number;
}

/** A sensor's noise alone makes two frames differ. */
const FROZEN_AFTER = 3000;

/** An open MJPEG answer. */
interface Stream {
  readonly newest: Newest;
  readonly ended: Promise<void>;
  readonly abort: AbortController;
}

/** `address`: http:// or https://, without user and password. Opens nothing before the first `next`. */
export function httpSource(address: string, options: HttpSourceOptions): Source {
  const { clock, deadline = 5000 } = options;
  const url = new URL(address);
  const what = `picture of ${url.href}`;
  const login = new Login(options.credentials);
  let stream: Stream | undefined;

  const request = async (signal: AbortSignal): Promise<Response> => {
    for (;;) {
      const authorization = login.authorization('GET', `${url.pathname}${url.search}`);
      const response = await fetch(url, {
        headers: authorization === undefined ? {} : { authorization },
        redirect: 'error',
        signal,
      });
      if (response.status !== 401 && response.status !== 403) return response;
      await response.body?.cancel().catch(() => {});
      // Ends: an answer to the same challenge is given once.
      if (response.status === 401 && login.challenged(response.headers.get('www-authenticate'))) continue;
      const refused = options.credentials === undefined ? 'asks for a login' : 'refused the login';
      throw new AgentError('auth-failed', `${what} failed: the camera ${refused} (${response.status})`, {
        fix: 'check username and password of the camera in the site file',
      });
    }
  };

  const open = async (signal: AbortSignal): Promise<Frame> => {
    const hangUp = new AbortController();
    let late = false;
    const timer = clock.after(deadline, () => {
      late = true;
      hangUp.abort();
    });
    const abort = () => hangUp.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    try {
      const response = await request(hangUp.signal);
      if (kind(response, what) === 'picture') {
        return { bytes: await picture(response, what, hangUp.signal), time: clock.mono() };
      }
      const newest = new Newest(clock, what);
      stream = { newest, ended: pump(response, newest, hangUp.signal), abort: hangUp };
    } catch (thrown) {
      if (thrown instanceof AgentError) throw thrown;
      if (signal.aborted) throw asAgentError(signal.reason, 'aborted');
      if (late) throw new AgentError('timeout', `${what} failed: not complete within ${deadline} ms`);
      throw unreachable(what, thrown);
    } finally {
      timer[Symbol.dispose]();
      signal.removeEventListener('abort', abort);
    }
    return await fromStream(stream, signal);
  };

  const pump = async (response: Response, newest: Newest, gone: AbortSignal): Promise<void> => {
    const splitter = new JpegSplitter();
    try {
      for await (const chunk of chunksOf(response, gone)) {
        const bytes = splitter.push(chunk).at(-1);
        if (bytes !== undefined) newest.put({ bytes, time: clock.mono() });
        if (splitter.unframed > MAX_FRAME_BYTES) {
          throw new AgentError(
            'source-failed',
            `${what} failed: a part larger than ${MAX_FRAME_BYTES} bytes`,
          );
        }
      }
      newest.fail(new AgentError('source-failed', `${what} failed: the camera ended the stream`));
    } catch (thrown) {
      newest.fail(thrown instanceof AgentError ? thrown : unreachable(what, thrown));
    }
  };

  const fromStream = async (open: Stream, signal: AbortSignal): Promise<Frame> => {
    try {
      return await open.newest.take(deadline, signal);
    } catch (thrown) {
      await close();
      throw thrown;
    }
  };

  const close = async (): Promise<void> => {
    const open = stream;
    stream = undefined;
    open?.abort.abort();
    await open?.ended;
  };

  return {
    frozenAfter: FROZEN_AFTER,
    next: (signal) => (stream === undefined ? open(signal) : fromStream(stream, signal)),
    [Symbol.asyncDispose]: close,
  };
}

/** Throws for a status or a type that carries no pictures. */
function kind(response: Response, what: string): 'picture' | 'stream' {
  const refuse = (why: string, fix?: string): never => {
    void response.body?.cancel().catch(() => {});
    throw new AgentError('source-failed', `${what} failed: ${why}`, fix === undefined ? {} : { fix });
  };
  if (response.status !== 200) return refuse(`status ${response.status}`);
  const type = response.headers.get('content-type') ?? '';
  if (/^image\/jpe?g\b/i.test(type)) return 'picture';
  if (/^multipart\/(x-mixed-replace|mixed)\b/i.test(type)) return 'stream';
  return refuse(
    `it is ${type.slice(0, 80) || 'of no type'}, not image/jpeg or multipart/x-mixed-replace`,
    'use the address of the JPEG snapshot or of the MJPEG stream, not of the page',
  );
}

/**
 * The body piece by piece, until it ends or `gone` aborts. The signal that was given to `fetch` is not enough: undici
 * holds the request weakly, and once it was collected an abort reaches the body no more.
 */
async function* chunksOf(response: Response, gone: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  const cancel = () => void reader.cancel().catch(() => {});
  gone.addEventListener('abort', cancel, { once: true });
  try {
    while (!gone.aborted) {
      const { done, value } = await reader.read();
      if (gone.aborted) break;
      if (done) return;
      yield value;
    }
    throw gone.reason;
  } finally {
    gone.removeEventListener('abort', cancel);
    cancel();
  }
}

async function picture(response: Response, what: string, gone: AbortSignal): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of chunksOf(response, gone)) {
    size += part.length;
    // Leaving the loop cancels the stream: an endless answer costs no more than this.
    if (size > MAX_FRAME_BYTES) {
      throw new AgentError('source-failed', `${what} failed: larger than ${MAX_FRAME_BYTES} bytes`);
    }
    parts.push(part);
  }
  const bytes = Buffer.concat(parts, size);
  wholeJpeg(bytes, what);
  return bytes;
}

function unreachable(what: string, thrown: unknown): AgentError {
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new AgentError('source-failed', `${what} failed: ${why}`, {
    fix: 'check the address, the network and the power of the camera',
    cause: thrown,
  });
}

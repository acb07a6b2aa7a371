/** Takes one JPEG from a camera over HTTP. What comes from outside is checked before anything decodes it. */
import type { Clock } from '../core/clock.ts';
import { AgentError, asAgentError } from '../core/errors.ts';
import type { Mono } from '../core/reading.ts';

export interface Frame {
  readonly bytes: Uint8Array;
  /** When its last byte had arrived. */
  readonly time: Mono;
}

export interface SnapshotOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Longest wait for the whole picture, ms. Default 5000. */
  readonly deadline?: number;
}

/** Largest frame taken, bytes. */
export const MAX_FRAME_BYTES = 10 * 1024 * 1024;

const START_OF_SCAN = Buffer.from([0xff, 0xda]);
const END_OF_IMAGE = Buffer.from([0xff, 0xd9]);

/**
 * Rejects with `AgentError`: `timeout`, `source-failed` (unreachable, status, type, size, no JPEG), `auth-failed`,
 * `aborted`. User and password in the address go as basic login and never into a message.
 */
export async function takeSnapshot(address: string, options: SnapshotOptions): Promise<Frame> {
  const { clock, signal, deadline = 5000 } = options;
  const { url, headers } = login(address);
  const late = new AbortController();
  const timer = clock.after(deadline, () => late.abort());
  try {
    const response = await fetch(url, {
      headers,
      redirect: 'error',
      signal: AbortSignal.any([signal, late.signal]),
    });
    const bytes = await body(response, url);
    return { bytes, time: clock.mono() };
  } catch (thrown) {
    if (thrown instanceof AgentError) throw thrown;
    if (signal.aborted) throw asAgentError(signal.reason, 'aborted');
    if (late.signal.aborted) {
      throw new AgentError('timeout', `snapshot of ${url} failed: not complete within ${deadline} ms`);
    }
    const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AgentError('source-failed', `snapshot of ${url} failed: ${why}`, {
      fix: 'check the address, the network and the power of the camera',
      cause: thrown,
    });
  } finally {
    timer[Symbol.dispose]();
  }
}

function login(address: string): { readonly url: string; readonly headers: Record<string, string> } {
  const url = new URL(address);
  if (url.username === '' && url.password === '') return { url: url.href, headers: {} };
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = '';
  url.password = '';
  return {
    url: url.href,
    headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
  };
}

async function body(response: Response, url: string): Promise<Uint8Array> {
  const refuse = async (error: AgentError) => {
    await response.body?.cancel().catch(() => {});
    return error;
  };
  if (response.status === 401 || response.status === 403) {
    throw await refuse(
      new AgentError(
        'auth-failed',
        `snapshot of ${url} failed: the camera refused the login (${response.status})`,
        {
          fix: 'check user and password in the address of the camera',
        },
      ),
    );
  }
  if (response.status !== 200) {
    throw await refuse(
      new AgentError('source-failed', `snapshot of ${url} failed: status ${response.status}`),
    );
  }
  const type = response.headers.get('content-type') ?? '';
  if (!/^image\/jpe?g\b/i.test(type)) {
    throw await refuse(
      new AgentError(
        'source-failed',
        `snapshot of ${url} failed: it is ${type || 'of no type'}, not image/jpeg`,
        {
          fix: 'use the address of the JPEG snapshot, not of the page or the stream',
        },
      ),
    );
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    // Leaving the loop cancels the stream: an endless answer costs no more than this.
    if (size > MAX_FRAME_BYTES) {
      throw new AgentError(
        'source-failed',
        `snapshot of ${url} failed: larger than ${MAX_FRAME_BYTES} bytes`,
      );
    }
    parts.push(part);
  }
  const bytes = Buffer.concat(parts, size);
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8 || bytes[2] !== 0xff) {
    throw new AgentError('source-failed', `snapshot of ${url} failed: ${size} bytes that are no JPEG`);
  }
  // A picture cut short decodes without complaint where something follows it. After the last start of scan (FF DA),
  // which cannot occur within coded data, must stand an end of image (FF D9). ISO/IEC 10918-1 B.1.1.3.
  const end = bytes.lastIndexOf(END_OF_IMAGE);
  if (end === -1 || end < bytes.lastIndexOf(START_OF_SCAN)) {
    throw new AgentError(
      'source-failed',
      `snapshot of ${url} failed: the JPEG of ${size} bytes is cut short`,
    );
  }
  return bytes;
}

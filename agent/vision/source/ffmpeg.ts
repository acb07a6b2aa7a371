/**
 * Streams that are no JPEGs, through ffmpeg as a child: RTSP, V4L2 devices, clips. It is looked for at run time; the
 * child lives as long as it gives frames, and a new one is started with the next call after it ended or stood still.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { AgentError, asAgentError } from '../../core/errors.ts';
import type { Clock } from '../../core/time/clock.ts';
import { type Frame, MAX_FRAME_BYTES, type Source } from './frame.ts';
import { JpegSplitter } from './jpeg-splitter.ts';
import type { Credentials } from './login.ts';
import { Newest } from './newest.ts';

export interface FfmpegOptions {
  readonly clock: Clock;
  /** Frames per second that ffmpeg is asked for. */
  readonly rate: number;
  readonly credentials?: Credentials;
  readonly transport?: 'tcp' | 'udp';
  /** Path of ffmpeg; absent: looked for in PATH. */
  readonly program?: string;
  /** Longest wait for the first frame, and for each further one, ms. Defaults 15000 and 5000. */
  readonly patience?: { readonly first: number; readonly next: number };
}

/** A compressed night scene may well be the same for seconds; a whole group of pictures of it is not. */
const FROZEN_AFTER = 20_000;
const PATIENCE = { first: 15_000, next: 5_000 };
/** Time for the child to end by itself, ms. */
const GRACE = 2000;
const KEPT_ERRORS = 2000;
/** Wider frames are made smaller: no network looks at more. */
const MAX_WIDTH = 1920;
/** Longest silence of an RTSP socket, µs; ends the child also where the agent was killed. */
const SOCKET_TIMEOUT = '10000000';

export interface FfmpegCall {
  readonly args: readonly string[];
  /** What is written to its standard input. */
  readonly input?: string;
}

/**
 * How ffmpeg is called for an address. With a login the address goes over standard input (a list of one file,
 * ffmpeg 5 and later), because every user of the machine can read the arguments of a process.
 */
export function ffmpegCall(
  address: string,
  { rate, credentials, transport = 'tcp' }: Pick<FfmpegOptions, 'rate' | 'credentials' | 'transport'>,
): FfmpegCall {
  const quiet = ['-hide_banner', '-loglevel', 'error'];
  const shape = `fps=${rate},scale=w='min(${MAX_WIDTH},iw)':h=-2`;
  const output = ['-an', '-sn', '-dn', '-threads', '1', '-vf', shape, '-c:v', 'mjpeg', '-q:v', '3'];
  const pipe = [...output, '-pix_fmt', 'yuvj420p', '-f', 'image2pipe', 'pipe:1'];
  const local = /^(v4l2|clip):(.+)$/.exec(address);
  if (local?.[1] === 'v4l2') {
    const input = ['-f', 'v4l2', '-framerate', String(rate), '-i', local[2] ?? ''];
    return { args: [...quiet, '-nostdin', ...input, ...pipe] };
  }
  if (local?.[1] === 'clip') {
    // As `file:`, so that no part of the path is taken for a protocol.
    const input = ['-re', '-stream_loop', '-1', '-i', `file:${local[2]}`];
    return { args: [...quiet, '-nostdin', ...input, ...pipe] };
  }
  const live = ['-fflags', 'nobuffer', '-flags', 'low_delay', '-analyzeduration', '1000000'];
  if (credentials === undefined) {
    const input = ['-rtsp_transport', transport, '-timeout', SOCKET_TIMEOUT, '-i', address];
    return { args: [...quiet, '-nostdin', ...live, ...input, ...pipe] };
  }
  const strict = (text: string) => encodeURIComponent(text).replace(/'/g, '%27');
  const { username, password } = credentials;
  const whole = address.replace('://', `://${strict(username)}:${strict(password)}@`).replace(/'/g, '%27');
  const list = ['-f', 'concat', '-safe', '0', '-protocol_whitelist', 'pipe,rtsp,rtsps,tcp,tls,udp,rtp'];
  const options = [`option rtsp_transport ${transport}`, `option timeout ${SOCKET_TIMEOUT}`];
  return {
    args: [...quiet, ...live, ...list, '-i', 'pipe:0', ...pipe],
    input: ['ffconcat version 1.0', `file '${whole}'`, ...options, ''].join('\n'),
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly newest: Newest;
  readonly ended: Promise<void>;
  started: boolean;
}

/** `address`: `rtsp(s)://…` without login, `v4l2:/dev/…`, `clip:/path`. Starts nothing before the first `next`. */
export function ffmpegSource(address: string, options: FfmpegOptions): Source {
  const { clock, patience = PATIENCE } = options;
  const what = `stream of ${address}`;
  let running: Running | undefined;

  const start = (): Running => {
    const program = options.program ?? findProgram('ffmpeg');
    if (program === undefined) {
      throw new AgentError('not-found', `${what} failed: ffmpeg is not installed`, {
        fix: 'install ffmpeg 5 or later (apt-get install ffmpeg), or use the JPEG or MJPEG address of the camera',
      });
    }
    const { args, input } = ffmpegCall(address, options);
    const child = spawn(program, args, { stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
    const newest = new Newest(clock, what);
    const splitter = new JpegSplitter();
    let errors = '';
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
    child.stderr?.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString('utf8')).slice(-KEPT_ERRORS);
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      const bytes = splitter.push(chunk).at(-1);
      if (bytes !== undefined) newest.put({ bytes, time: clock.mono() });
      if (splitter.unframed > MAX_FRAME_BYTES) {
        newest.fail(
          new AgentError('source-failed', `${what} failed: a frame larger than ${MAX_FRAME_BYTES} bytes`),
        );
        child.kill('SIGKILL');
      }
    });
    const ended = new Promise<void>((resolve) => {
      child.once('error', (cause) => {
        newest.fail(new AgentError('source-failed', `${what} failed: ${cause.message}`, { cause }));
        resolve();
      });
      child.once('close', (code, signal) => {
        newest.fail(endOf(what, errors, code ?? signal, options.credentials));
        resolve();
      });
    });
    return { child, newest, ended, started: false };
  };

  const close = async (): Promise<void> => {
    const ending = running;
    running = undefined;
    if (ending === undefined) return;
    ending.child.kill('SIGTERM');
    const hard = clock.after(GRACE, () => ending.child.kill('SIGKILL'));
    await ending.ended;
    hard[Symbol.dispose]();
  };

  return {
    frozenAfter: address.startsWith('clip:') ? Number.POSITIVE_INFINITY : FROZEN_AFTER,
    async next(signal): Promise<Frame> {
      if (signal.aborted) throw asAgentError(signal.reason, 'aborted');
      running ??= start();
      try {
        const frame = await running.newest.take(running.started ? patience.next : patience.first, signal);
        running.started = true;
        return frame;
      } catch (thrown) {
        await close();
        throw thrown;
      }
    },
    [Symbol.asyncDispose]: close,
  };
}

/** What ffmpeg said last, without the login. */
function endOf(
  what: string,
  errors: string,
  code: number | string | null,
  credentials: Credentials | undefined,
): AgentError {
  const said =
    errors
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/\/\/[^@/\s']*@/g, '//…@') ?? '';
  const { password = '' } = credentials ?? {};
  const clean =
    password === '' ? said : said.replaceAll(password, '…').replaceAll(encodeURIComponent(password), '…');
  const refused = /\b(401|403)\b|unauthorized|forbidden/i.test(errors);
  return new AgentError(
    refused ? 'auth-failed' : 'source-failed',
    `${what} failed: ffmpeg ended (${code})${clean === '' ? '' : `, ${clean}`}`,
    {
      fix: refused
        ? 'check username and password of the camera in the site file'
        : 'check the address, the network and the power of the camera',
    },
  );
}

/** Path of a program in PATH; undefined where there is none. */
export function findProgram(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder === '') continue;
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

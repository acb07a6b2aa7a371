/** The camera's RTSP door (RFC 2326): one stream of RTP/JPEG, interleaved in the connection, with digest login on request. */
import { createHash } from 'node:crypto';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { rtpPackets, scanOf } from './rtp-jpeg.ts';

export interface RtspOptions {
  /** Draws the frame of now; called for each frame of each client. */
  readonly frame: () => Promise<Buffer>;
  /** Frames per second. */
  readonly rate: number;
  readonly login?: { readonly username: string; readonly password: string };
  /** True: nothing more is sent, and the connection stays. */
  readonly stalled?: () => boolean;
}

export interface RtspDoor extends AsyncDisposable {
  /** `rtsp://127.0.0.1:<port>/street` */
  readonly url: string;
  /** Ends all connections; new ones are taken. */
  hangUp(): void;
}

const REALM = 'simulated camera';
const NONCE = '5f3c1d0a9e8b7c6d';
const SESSION = '817';
/** Of a request, bytes. */
const MAX_REQUEST = 8192;

export async function openRtsp(options: RtspOptions): Promise<RtspDoor> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    attend(socket, options);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const hangUp = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `rtsp://127.0.0.1:${port}/street`,
    hangUp,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      hangUp();
      await closed;
    },
  };
}

function attend(socket: Socket, options: RtspOptions): void {
  let text = Buffer.alloc(0);
  let playing: NodeJS.Timeout | undefined;
  socket.on('close', () => clearInterval(playing));
  socket.on('data', (chunk) => {
    text = Buffer.concat([text, chunk]);
    for (;;) {
      // Receiver reports of RTCP come interleaved: `$`, channel, length.
      if (text[0] === 0x24) {
        if (text.length < 4 || text.length < 4 + text.readUInt16BE(2)) return;
        text = text.subarray(4 + text.readUInt16BE(2));
        continue;
      }
      const end = text.indexOf('\r\n\r\n');
      if (end === -1) {
        if (text.length > MAX_REQUEST) socket.destroy();
        return;
      }
      const request = text.subarray(0, end).toString('latin1');
      text = text.subarray(end + 4);
      if (answer(socket, request, options)) {
        clearInterval(playing);
        playing = play(socket, options);
      }
    }
  });
}

/** True: from now on frames are sent. */
function answer(socket: Socket, request: string, { login }: RtspOptions): boolean {
  const [first = '', ...fields] = request.split('\r\n');
  const [method = '', uri = ''] = first.split(' ');
  const field = (name: string) =>
    fields
      .find((line) => line.toLowerCase().startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim() ?? '';
  const reply = (status: string, more: readonly string[] = [], body = '') => {
    const length = body === '' ? [] : [`Content-Length: ${body.length}`];
    const head = [`RTSP/1.0 ${status}`, `CSeq: ${field('cseq')}`, ...more, ...length];
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  };
  if (login !== undefined && method !== 'OPTIONS' && !admitted(field('authorization'), method, login)) {
    reply('401 Unauthorized', [`WWW-Authenticate: ${CHALLENGE}`]);
    return false;
  }
  switch (method) {
    case 'OPTIONS':
      reply('200 OK', ['Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER']);
      return false;
    case 'DESCRIBE':
      reply('200 OK', [`Content-Base: ${uri}/`, 'Content-Type: application/sdp'], SDP);
      return false;
    case 'SETUP': {
      const interleaved = /RTP\/AVP\/TCP.*interleaved=(\d+-\d+)/.exec(field('transport'))?.[1];
      if (interleaved === undefined) reply('461 Unsupported Transport');
      else
        reply('200 OK', [
          `Transport: RTP/AVP/TCP;unicast;interleaved=${interleaved}`,
          `Session: ${SESSION};timeout=60`,
        ]);
      return false;
    }
    case 'PLAY':
      reply('200 OK', [`Session: ${SESSION}`, 'Range: npt=0-']);
      return true;
    case 'TEARDOWN':
      reply('200 OK', [`Session: ${SESSION}`]);
      socket.end();
      return false;
    case 'GET_PARAMETER':
      reply('200 OK', [`Session: ${SESSION}`]);
      return false;
    default:
      reply('501 Not Implemented');
      return false;
  }
}

const SDP = [
  'v=0',
  'o=- 817 1 IN IP4 127.0.0.1',
  's=street',
  'c=IN IP4 127.0.0.1',
  't=0 0',
  'm=video 0 RTP/AVP 26',
  'a=control:track0',
  '',
].join('\r\n');

/** What a request without login is answered. */
export const CHALLENGE = `Digest realm="${REALM}", nonce="${NONCE}"`;

/** RFC 2617 without qop, as older cameras have it. */
export function admitted(
  given: string,
  method: string,
  { username, password }: NonNullable<RtspOptions['login']>,
): boolean {
  const md5 = (text: string) => createHash('md5').update(text).digest('hex');
  const value = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(given)?.[1] ?? '';
  const secret = md5(`${username}:${REALM}:${password}`);
  return (
    value('username') === username &&
    value('response') === md5(`${secret}:${NONCE}:${md5(`${method}:${value('uri')}`)}`)
  );
}

function play(socket: Socket, { frame, rate, stalled }: RtspOptions): NodeJS.Timeout {
  const began = performance.now();
  let sequence = 0;
  let busy = false;
  const send = async () => {
    const timestamp = Math.round((performance.now() - began) * 90);
    const packets = rtpPackets(scanOf(await frame()), sequence, timestamp, 0x817);
    sequence += packets.length;
    for (const packet of packets) {
      const head = Buffer.from([0x24, 0, packet.length >> 8, packet.length & 255]);
      socket.write(Buffer.concat([head, packet]));
    }
  };
  return setInterval(() => {
    // What a slow reader has not taken yet is not made longer.
    if (busy || stalled?.() === true || socket.writableLength > 1_000_000) return;
    busy = true;
    send()
      .catch(() => socket.destroy())
      .finally(() => {
        busy = false;
      });
  }, 1000 / rate);
}

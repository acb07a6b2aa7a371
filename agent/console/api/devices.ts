/** Routes about lines and devices: how they do, and their raw frames for a minute. */
import { hex } from '../../core/bytes.ts';
import type { AgentView } from '../../core/view.ts';
import * as shape from './device-contract.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { FrameStream } from './frame-stream.ts';
import { lineRows, talkRow } from './line-rows.ts';
import { Problem } from './problem.ts';
import type { Services } from './services.ts';

/** How long frames are looked at where nothing is said, s. */
const LOOK_S = 60;
/** Looks at once: each is work for every frame. */
const MOST_LOOKS = 4;

export function deviceEndpoints({ view, clock, log }: Services): Endpoint[] {
  let looks = 0;
  return [
    endpoint({
      method: 'GET',
      path: '/lines',
      role: 'viewer',
      summary: 'Lines: how busy, how busy by plan, errors by kind, how fast each device answers, commands.',
      answer: shape.lines,
      run: async () => ({ now: Math.round(view.now()), lines: lineRows(view) }),
    }),
    endpoint({
      method: 'GET',
      path: '/devices/:device',
      role: 'viewer',
      summary: 'One device: what it is, where it is, how it answers.',
      params: shape.deviceParams,
      answer: shape.device,
      problems: [404],
      run: async ({ params: { device } }) => deviceRow(view, device),
    }),
    endpoint({
      method: 'GET',
      path: '/devices/:device/frames',
      role: 'technician',
      personOnly: true,
      summary: `Raw frames of one device as they pass, each with its explanation, for at most ${shape.LONGEST_LOOK_S} s and ${shape.MOST_FRAMES} frames. Events: begin {until}, frame {time, dir, hex, error?, decoded?}, end {why}. Audited.`,
      params: shape.deviceParams,
      query: shape.framesQuery,
      answer: 'text/event-stream',
      problems: [404, 503],
      run: async ({ params: { device }, query: { seconds = LOOK_S }, reply, who, signal }) => {
        deviceRow(view, device);
        if (looks >= MOST_LOOKS) {
          throw new Problem(503, 'too-many-looks', `${MOST_LOOKS} look at frames already`, {
            retryAfter: 10,
          });
        }
        looks += 1;
        const stream = new FrameStream({ clock, seconds, allowed: who.valid, onEnd: () => (looks -= 1) });
        const tap = await view
          .frames?.(device, (frame) =>
            stream.tell({
              time: Math.round(view.wall(frame.time)),
              dir: frame.dir,
              hex: hex(frame.bytes),
              ...(frame.error === undefined ? {} : { error: frame.error }),
              ...(frame.decoded === undefined ? {} : { decoded: { ...frame.decoded } }),
            }),
          )
          .catch((thrown: unknown) => {
            stream.end('failed');
            throw thrown;
          });
        if (tap === undefined || signal.aborted) {
          stream.end('unseen');
          tap?.[Symbol.dispose]();
          signal.throwIfAborted();
          throw new Problem(404, 'not-found', `the bytes of ${device} do not pass through the agent`);
        }
        log.info('console.frames', { device, who: who.name, seconds });
        view.audit({ act: 'frames', who: who.name, seconds }, device);
        const headers: Record<string, string> = {};
        for (const [name, value] of Object.entries(reply.getHeaders())) {
          if (value !== undefined) headers[name] = String(value);
        }
        stream.begin(reply.raw, headers, tap, Math.round(view.now() + seconds * 1000 * view.site.rate));
        reply.hijack();
        return undefined;
      },
    }),
  ];
}

function deviceRow(view: AgentView, id: string): shape.ApiDevice {
  const described = view.descriptions().find(({ description }) => description.device === id)?.description;
  if (described === undefined) throw new Problem(404, 'not-found', `there is no device ${id}`);
  const config = view.site.devices.find((one) => one.id === id);
  const every = config === undefined ? undefined : (config.every ?? config.profile.every);
  return {
    id,
    title: described.title,
    class: described.class,
    brand: described.brand,
    model: described.model,
    asset: described.asset ?? null,
    profile:
      config === undefined
        ? null
        : { id: config.profile.id, protocol: config.profile.protocol, source: config.profile.source },
    period_s: every === undefined ? null : every / 1000,
    line: config?.line ?? null,
    frames: config !== undefined && view.frames !== undefined,
    talk: talkRow(view, id) ?? null,
  };
}

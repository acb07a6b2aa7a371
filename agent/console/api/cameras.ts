/**
 * Routes of the cameras. Pictures are for a logged-in person of role technician only, never for a token: a flow could
 * pass them on. They come from memory, go out with `no-store`, and are made only because somebody asks.
 */
import { z } from 'zod';
import type { FoundInFrame } from '../../core/view.ts';
import { type Principal, reaches } from '../access/role.ts';
import * as contract from './contract.ts';
import { withDrawing } from './drawings.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { Problem } from './problem.ts';
import { cameraRows } from './rows.ts';
import type { Services } from './services.ts';

const params = z.strictObject({ id: contract.id });

/** Header of a frame with its detections as JSON, so that boxes and picture are of the same moment. */
export const DETECTIONS_HEADER = 'x-kerbside-detections';
/** Detections of one frame; more would not fit a header. */
const MOST_BOXES = 100;

export function cameraEndpoints({ view, viewings, log }: Services): Endpoint[] {
  const allowed = (id: string): void => {
    const camera = view.site.cameras.find((one) => one.id === id);
    if (camera === undefined) throw new Problem(404, 'not-found', `there is no camera ${id}`);
    if (!camera.preview) {
      throw new Problem(403, 'preview-forbidden', `the site forbids to look at camera ${id}`);
    }
  };
  const audit = (who: Principal, camera: string, faces: string, reason?: string): void => {
    log.info('console.viewing', { camera, who: who.name, faces });
    view.audit({ act: 'viewing', who: who.name, faces, ...(reason === undefined ? {} : { reason }) }, camera);
  };
  /** What `take` has of the newest frame for who looks; `blur`: whether faces are to be blurred for them. */
  const newest = async <T extends FoundInFrame>(
    id: string,
    who: Principal,
    cookie: string | undefined,
    take: (blur: boolean) => Promise<T | undefined>,
  ): Promise<T> => {
    allowed(id);
    const asked = viewings.ask(cookie ?? '', id);
    if (asked === undefined) {
      throw new Problem(403, 'viewing-over', `the viewing of camera ${id} has ended by itself`, {
        fix: 'begin it anew',
      });
    }
    if (asked.begins) audit(who, id, 'blurred');
    const frame = await take(asked.viewing.faces === 'blurred');
    if (frame === undefined) {
      throw new Problem(503, 'no-frame', `camera ${id} has no frame right now`, { retryAfter: 2 });
    }
    return frame;
  };
  return [
    endpoint({
      method: 'GET',
      path: '/cameras',
      role: 'viewer',
      summary: 'The cameras.',
      answer: contract.cameras,
      run: async () => ({ cameras: cameraRows(view) }),
    }),
    endpoint({
      method: 'GET',
      path: '/cameras/:id/frame',
      role: 'technician',
      personOnly: true,
      summary: `The newest frame, for a person's eyes. Header ${DETECTIONS_HEADER} holds what was found in it.`,
      params,
      answer: 'image/jpeg',
      problems: [404, 503],
      run: async ({ params: { id }, reply, who, cookie }) => {
        const preview = await newest(id, who, cookie, (blur) => view.preview(id, blur));
        reply.header(DETECTIONS_HEADER, ascii(JSON.stringify(found(id, preview))));
        return Buffer.from(preview.jpeg.buffer, preview.jpeg.byteOffset, preview.jpeg.byteLength);
      },
    }),
    endpoint({
      method: 'POST',
      path: '/cameras/:id/viewing',
      role: 'technician',
      personOnly: true,
      summary:
        'Begins to look through a camera anew, for ten minutes. With faces as they are (an administrator, with a reason, where the site allows it) for two. Audited.',
      params,
      body: contract.viewingBody,
      answer: contract.viewing,
      problems: [404],
      run: async ({ params: { id }, body: { faces, reason }, who, cookie }) => {
        allowed(id);
        if (faces === 'shown') {
          if (view.site.privacy?.unblur !== true) {
            throw new Problem(403, 'unblur-forbidden', 'the site forbids to turn off the blur of faces', {
              fix: 'the site file allows it with privacy: { unblur: true }',
            });
          }
          if (!reaches(who.role, 'administrator')) {
            throw new Problem(403, 'role-too-low', 'only an administrator turns off the blur of faces');
          }
          if (reason === undefined) {
            throw new Problem(400, 'malformed', 'body.reason: it is needed to turn off the blur of faces');
          }
        }
        audit(who, id, faces, reason);
        const { until } = viewings.begin(cookie ?? '', id, faces);
        return { camera: id, faces, until: Math.round(view.wall(until)) };
      },
    }),
    endpoint({
      method: 'POST',
      path: '/cameras/:id/drawings',
      role: 'administrator',
      personOnly: true,
      summary:
        'Draws what a camera counts: one line, zone, lane or bay more in the site file, as a change that is watched.',
      params,
      body: contract.newDrawing,
      answer: contract.drawn,
      problems: [404, 409, 503],
      run: async ({ params: { id }, body, who, signal }) => {
        if (!view.site.cameras.some((one) => one.id === id)) {
          throw new Problem(404, 'not-found', `there is no camera ${id}`);
        }
        if (view.config === undefined) {
          throw new Problem(503, 'no-changes', 'this agent takes no changes of its site file', {
            fix: 'copy what was drawn into the site file by hand',
          });
        }
        const { text, running } = view.config.state();
        const { name = '', kind } = body;
        const proposal = {
          text: withDrawing(text, id, body),
          base: running,
          by: who.name,
          why: `${kind} ${body.id} of camera ${id} drawn`,
          ...(name === '' ? {} : { name }),
        };
        const answer = await view.config.apply(proposal, signal);
        if (!answer.ok) {
          const [problem] = answer.check?.problems ?? [];
          throw new Problem(409, answer.code, problem?.message ?? answer.reason, {
            ...((problem?.fix ?? answer.fix) === undefined ? {} : { fix: problem?.fix ?? answer.fix ?? '' }),
          });
        }
        return { change: answer.change.id, state: answer.change.state };
      },
    }),
    endpoint({
      method: 'GET',
      path: '/cameras/:id/detections',
      role: 'technician',
      personOnly: true,
      summary: 'What was found in the newest frame.',
      params,
      answer: contract.detections,
      problems: [404, 503],
      run: async ({ params: { id }, who, cookie }) =>
        found(id, await newest(id, who, cookie, () => view.boxes(id))),
    }),
  ];
}

function found(camera: string, { time, width, height, detections }: FoundInFrame): contract.ApiDetections {
  return {
    camera,
    time,
    width,
    height,
    detections: detections.slice(0, MOST_BOXES).map(({ class: kind, score, box }) => ({
      class: kind,
      score: Math.round(score * 1000) / 1000,
      box: [Math.round(box[0]), Math.round(box[1]), Math.round(box[2]), Math.round(box[3])],
    })),
  };
}

/** JSON with everything beyond ASCII escaped: headers carry no more (RFC 9110 §5.5). */
function ascii(json: string): string {
  return json.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * Routes of the cameras. Pictures are for a logged-in person of role technician only, never for a token: a flow could
 * pass them on. They come from memory, go out with `no-store`, and are made only because somebody asks.
 */
import { z } from 'zod';
import type { Preview } from '../../core/view.ts';
import * as contract from './contract.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { Problem } from './problem.ts';
import { cameraRows } from './rows.ts';
import type { Services } from './services.ts';

const params = z.strictObject({ id: contract.id });

/** Header of a frame with its detections as JSON, so that boxes and picture are of the same moment. */
export const DETECTIONS_HEADER = 'x-kerbside-detections';
/** Detections of one frame; more would not fit a header. */
const MOST_BOXES = 100;

export function cameraEndpoints({ view }: Services): Endpoint[] {
  const newest = async (id: string): Promise<Preview> => {
    const camera = view.site.cameras.find((one) => one.id === id);
    if (camera === undefined) throw new Problem(404, 'not-found', `there is no camera ${id}`);
    if (!camera.preview) {
      throw new Problem(403, 'preview-forbidden', `the site forbids to look at camera ${id}`);
    }
    const preview = await view.preview(id);
    if (preview === undefined) {
      throw new Problem(503, 'no-frame', `camera ${id} has no frame right now`, { retryAfter: 2 });
    }
    return preview;
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
      run: async ({ params: { id }, reply }) => {
        const preview = await newest(id);
        reply.header(DETECTIONS_HEADER, ascii(JSON.stringify(found(id, preview))));
        return Buffer.from(preview.jpeg.buffer, preview.jpeg.byteOffset, preview.jpeg.byteLength);
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
      run: async ({ params: { id } }) => found(id, await newest(id)),
    }),
  ];
}

function found(camera: string, { time, width, height, detections }: Preview): contract.ApiDetections {
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

/** Content over HTTPS: documents asked for by their ETag, media by range. */

import { LARGEST_ENVELOPE } from '../../../core/envelope.ts';
import { AgentError } from '../../../core/errors.ts';
import { bodyOf, type SecureAddress, secureGet } from '../../../core/secure-get.ts';
import { type MediaSource, mediaName } from '../download.ts';
import type { DocumentSource } from './source.ts';

/** A media file has this long, ms; what came by then is kept. */
const MEDIA_DEADLINE = 10 * 60_000;

/** The document at `address`, asked for every `every` ms. */
export function documentUrl(address: SecureAddress, every: number): DocumentSource {
  const name = new URL(address.url).host;
  return {
    name,
    async run({ take, healthy, clock, signal }) {
      let etag: string | undefined;
      for (;;) {
        const headers = etag === undefined ? {} : { 'If-None-Match': etag };
        const answer = await secureGet(address, headers, signal);
        if (answer.status === 200) {
          const envelope = await bodyOf(answer, LARGEST_ENVELOPE);
          etag = answer.headers.etag;
          take(envelope, name);
        } else {
          answer.body.destroy();
          if (answer.status !== 304 && answer.status !== 404) throw refusedBy(name, answer.status);
        }
        healthy();
        await clock.sleep(every, signal);
      }
    },
  };
}

/** Files named `<sha256>.<type>` below `address`. */
export function mediaUrl(address: SecureAddress): MediaSource {
  const base = address.url.replace(/\/?$/, '/');
  const name = new URL(address.url).host;
  return {
    name,
    async open(item, offset, signal) {
      const headers = offset === 0 ? {} : { Range: `bytes=${offset}-` };
      const url = new URL(mediaName(item), base).href;
      const answer = await secureGet({ ...address, url }, headers, signal, MEDIA_DEADLINE);
      if (answer.status === 200) return { offset: 0, bytes: answer.body };
      // RFC 9110 §14.4: bytes <first>-<last>/<all>.
      const from = /^bytes (\d+)-/.exec(answer.headers['content-range'] ?? '')?.[1];
      if (answer.status === 206 && from !== undefined) return { offset: Number(from), bytes: answer.body };
      answer.body.destroy();
      if (answer.status === 404) return undefined;
      throw refusedBy(name, answer.status);
    },
  };
}

function refusedBy(name: string, status: number): AgentError {
  return new AgentError('source-failed', `reading ${name} failed: it answers ${status}`);
}

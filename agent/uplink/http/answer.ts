/** What the status and the body of an answer mean for the records that were posted. */

import { AgentError } from '../../core/errors.ts';
import type { Clock } from '../../core/time/clock.ts';
import { wallAt } from '../../core/time/clock.ts';
import type { Delivery, Message } from '../../core/uplink.ts';
import { withoutSecrets } from '../address.ts';
import type { Answer } from './request.ts';

/** The longest pause a receiver may ask for, ms. */
const LONGEST_PAUSE = 3_600_000;
const LONGEST_REASON = 200;
/** The batch itself is at fault: bad request, content too large, unprocessable content (RFC 9110 §15.5). */
const BAD_BATCH: ReadonlySet<number> = new Set([400, 413, 422]);
/** Not now, not you, or not like this: says nothing about the records, whatever the body says. */
const NOT_NOW: ReadonlySet<number> = new Set([401, 403, 407, 408, 425, 429]);

/** What became of `message`. A list of refused records counts with any other 4xx. */
export function deliveryOf(answer: Answer, message: Message, clock: Clock): Delivery {
  const { status } = answer;
  if (status >= 200 && status < 300) return { kind: 'accepted' };
  if (status >= 400 && status < 500 && !NOT_NOW.has(status)) {
    const records = refusedRecords(answer.body, message, `HTTP ${status}`);
    if (records.length > 0) return { kind: 'refused', records };
    if (BAD_BATCH.has(status)) {
      const reason = `HTTP ${status}${excerpt(answer.body)}`;
      return { kind: 'refused', records: message.records.map(({ seq }) => ({ seq, reason })) };
    }
  }
  const after = pause(answer.retryAfter, clock);
  const fix = fixOf(status);
  return {
    kind: 'keep',
    reason: `HTTP ${status}${excerpt(answer.body)}`,
    ...(fix === undefined ? {} : { fix }),
    ...(after === undefined ? {} : { after }),
  };
}

/**
 * Why this unit has to be silent: 409 with a `Kerbside-Generation` above its own, by which a receiver says that it takes
 * records of the unit that replaced it. Undefined for any other answer.
 */
export function replacedBy(answer: Answer, own: number, agent: string): AgentError | undefined {
  const { status, generation = '' } = answer;
  if (status !== 409 || !/^\d{1,9}$/.test(generation) || Number(generation) <= own) return undefined;
  const what = `sending as ${agent} stopped: this unit was replaced (its generation is ${own}, in force is ${generation})`;
  return new AgentError('replaced', what, {
    retryable: true,
    context: { generation: Number(generation) },
    fix: `Take this unit out of service. If it is the one to keep: kerbside identity --generation ${Number(generation) + 1}, then start it anew.`,
  });
}

/** Why the receiver cannot be posted to although it answers; undefined where it can, or only a post can tell. */
export function probeError({ status }: Answer, url: string): AgentError | undefined {
  const what = `connection to ${withoutSecrets(url)} failed: HTTP ${status}`;
  const fix = fixOf(status);
  const facts = { context: { status }, ...(fix === undefined ? {} : { fix }) };
  if (status === 401 || status === 407) return new AgentError('auth-failed', what, facts);
  if (status >= 300 && status < 400) return new AgentError('broker-refused', what, facts);
  return undefined;
}

function fixOf(status: number): string | undefined {
  if (status === 401 || status === 403) return 'Check token, user name and password of this uplink.';
  if (status >= 300 && status < 400) return 'Redirects are not followed: write the final address as url.';
  if (status === 404 || status === 405 || status === 410) return 'Check the path of this uplink’s url.';
  if (status === 415) return 'Check format and compression of this uplink: the receiver does not read them.';
  return undefined;
}

/** `{"refused": [{"seq": 17, "reason": "unknown unit"}]}`, believing nothing: numbers of this message only. */
function refusedRecords(body: string | undefined, message: Message, fallback: string) {
  const seqs = new Set(message.records.map(({ seq }) => seq));
  const refused: { seq: number; reason: string }[] = [];
  for (const entry of listOf(body)) {
    if (typeof entry !== 'object' || entry === null || !('seq' in entry)) continue;
    const { seq } = entry;
    if (typeof seq !== 'number' || !seqs.delete(seq)) continue;
    const reason = 'reason' in entry && typeof entry.reason === 'string' ? entry.reason : fallback;
    refused.push({ seq, reason: oneLine(reason) || fallback });
  }
  return refused;
}

function listOf(body: string | undefined): readonly unknown[] {
  if (body === undefined || body === '') return [];
  try {
    const parsed: unknown = JSON.parse(body);
    const list =
      typeof parsed === 'object' && parsed !== null && 'refused' in parsed ? parsed.refused : undefined;
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}

/** Retry-After (RFC 9110 §10.2.3): seconds, or a date. */
function pause(text: string | undefined, clock: Clock): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(text.trim())
    ? Number(text) * 1000
    : Date.parse(text) - wallAt(clock.mapping(), clock.mono()).time;
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, LONGEST_PAUSE) : undefined;
}

function excerpt(body: string | undefined): string {
  const text = oneLine(body ?? '');
  return text === '' ? '' : `: ${text}`;
}

function oneLine(text: string): string {
  return text
    .replace(/[^\x20-\x7e\u00a0-\uffff]+/g, ' ')
    .trim()
    .slice(0, LONGEST_REASON);
}

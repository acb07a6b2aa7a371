/**
 * Claim documents: what makes a factory image a named unit of a site. Signed by the city (core/envelope.ts), for named
 * hardware, until a date, once.
 */
import * as z from 'zod';
import { type ClaimRefusal, type ClaimRefusalCode, claimRefused } from '../core/claim.ts';
import type { ContentKey, ContentRefusal } from '../core/content/content.ts';
import { CLAIM_TYPE, openEnvelope } from '../core/envelope.ts';
import { isInside } from './archive.ts';

/** Texts of all files, characters. */
const LARGEST = 512 * 1024;
/** A clock that is this far behind the signing is wrong, ms. */
const CLOCK_SLACK = 86_400_000;

const claim = z.strictObject({
  v: z.literal(1),
  /** Taken once by any unit. */
  id: z.string().regex(/^[A-Za-z0-9_-]{8,64}$/),
  site: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  agent: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  /** ISO 8601. */
  issued: z.iso.datetime({ offset: true }),
  expires: z.iso.datetime({ offset: true }),
  /** Ids of machines as `kerbside claim show` prints them; `any` takes every machine. */
  hardware: z.union([z.literal('any'), z.array(z.string().min(1).max(256)).min(1).max(16)]),
  /** Name of the site file among the files. */
  siteFile: z.string().refine(isInside),
  /** Texts by their path in the folder of the site file. */
  files: z.record(z.string().refine(isInside), z.string()),
});

export type Claim = z.infer<typeof claim>;

export interface ClaimFacts {
  /** Keys whose signature counts. */
  readonly keys: readonly ContentKey[];
  /** Ids of this machine. */
  readonly hardware: readonly string[];
  /** Unix epoch ms. */
  readonly now: number;
  /** Claims that were taken here. */
  readonly used: readonly string[];
}

export type Checked = { readonly ok: true; readonly claim: Claim; readonly key: string } | ClaimRefusal;

/** Whether this unit may take a claim. Takes any bytes, never throws. */
export function checkClaim(bytes: Uint8Array, { keys, hardware, now, used }: ClaimFacts): Checked {
  const opened = openEnvelope(bytes, keys, CLAIM_TYPE);
  if (!opened.ok) {
    const why = opened.reason.replace('the site file does not name', 'this image does not know');
    return claimRefused(
      codeOf(opened.code),
      why,
      'Ask the city for a claim that is signed with a key of this image.',
      { why, keys: keys.map(({ id }) => id).join(', ') },
    );
  }
  const read = readClaim(opened.payload);
  if (typeof read === 'string')
    return claimRefused('malformed', read, 'Ask the city for another one.', { why: read });
  const { id, issued, expires } = read;
  if (read.hardware !== 'any' && !read.hardware.some((one) => hardware.includes(one))) {
    const [theirs, ours] = [read.hardware.join(', '), hardware.join(', ')];
    return claimRefused(
      'other-hardware',
      `it is for other hardware (${theirs})`,
      `This one is ${ours || 'without an id'}: take the claim of this unit.`,
      { theirs, ours: ours || '–' },
    );
  }
  const clock = new Date(now).toISOString();
  if (now < Date.parse(issued) - CLOCK_SLACK)
    return claimRefused(
      'clock-behind',
      `the clock of this machine says ${clock}, before it was signed`,
      'Set the clock.',
      { clock, issued },
    );
  if (now >= Date.parse(expires))
    return claimRefused(
      'expired',
      `it expired on ${expires}`,
      'Ask the city for a new one; check the clock too.',
      { expires, clock },
    );
  if (used.includes(id)) return takenBefore();
  return { ok: true, claim: read, key: opened.key };
}

export function takenBefore(): ClaimRefusal {
  return claimRefused(
    'used',
    'it was taken here before',
    'A claim is taken once: ask the city for a new one.',
  );
}

function codeOf(refusal: ContentRefusal): ClaimRefusalCode {
  return refusal === 'unknown-key' || refusal === 'bad-signature' ? refusal : 'malformed';
}

/** The claim, or what is wrong with it. */
export function readClaim(payload: Uint8Array): Claim | string {
  let raw: unknown;
  try {
    raw = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    return 'it is no JSON in UTF-8';
  }
  const parsed = claim.safeParse(raw);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return `its ${issue?.path.join('.') || 'content'} is not what it has to be`;
  }
  const { files, siteFile } = parsed.data;
  if (!Object.hasOwn(files, siteFile)) return `it has no file ${siteFile}`;
  if (Object.values(files).reduce((sum, text) => sum + text.length, 0) > LARGEST)
    return `its files have more than ${LARGEST} characters`;
  return parsed.data;
}

/** Where a claim comes from, if not from a file: a code that the city exchanges, or the address of a label's QR code. */
import { type ClaimRefusal, claimRefused } from '../../core/claim.ts';
import { LARGEST_ENVELOPE } from '../../core/envelope.ts';

/** ms */
const DEADLINE = 30_000;
const CODE = /^[A-Z0-9](?:[A-Z0-9-]{2,62})[A-Z0-9]$/;

export type Fetched = { readonly ok: true; readonly bytes: Uint8Array } | ClaimRefusal;

export interface FetchOptions {
  /** Of the image, with `{code}` and `{hardware}`. */
  readonly url: string | undefined;
  readonly hardware: readonly string[];
  readonly signal: AbortSignal;
  /** Addresses of any host are asked; else only the one of the image, for whoever gives one may be anybody. */
  readonly anyHost: boolean;
  /** Longest wait, ms. */
  readonly deadline?: number;
}

/** The address that `given` (a code, or an address as a QR code has it) leads to. */
export function addressOf(
  given: string,
  { url, hardware, anyHost }: Pick<FetchOptions, 'url' | 'hardware' | 'anyHost'>,
): string | ClaimRefusal {
  if (/^https?:\/\//i.test(given)) return checkedAddress(given, url, anyHost);
  const code = given.toUpperCase();
  if (!CODE.test(code))
    return claimRefused(
      'no-code',
      'it is neither a code nor an address nor a claim',
      'Type the code of the label, for example K7QX-29TD, or give the claim file.',
    );
  if (url === undefined)
    return claimRefused(
      'no-exchange',
      'this image names no address that codes are exchanged at',
      'Take the claim as a file, or write url: into claim.yaml.',
    );
  return url
    .replaceAll('{code}', encodeURIComponent(code))
    .replaceAll('{hardware}', encodeURIComponent(hardware[0] ?? ''));
}

function checkedAddress(given: string, url: string | undefined, anyHost: boolean): string | ClaimRefusal {
  const elsewhere = (host: string) =>
    claimRefused(
      'other-address',
      `${host} is not where this image exchanges codes`,
      'Scan the code of this unit’s label, or give the claim file.',
      { host, expected: url === undefined ? '–' : hostOf(url) },
    );
  if (!URL.canParse(given)) return elsewhere(given.slice(0, 80));
  const address = new URL(given);
  // An address that somebody printed is believed no more than a file: what counts is the signature.
  const secure = address.protocol === 'https:' || isOwn(address.hostname);
  if (!secure)
    return claimRefused(
      'other-address',
      `${address.host}: the address is not https`,
      'Use the https address.',
      {
        host: address.host,
        expected: 'https',
      },
    );
  if (address.username !== '' || address.password !== '') return elsewhere(address.host);
  if (anyHost) return address.href;
  const own = url === undefined ? undefined : new URL(url);
  return own?.origin === address.origin ? address.href : elsewhere(address.host);
}

function isOwn(hostname: string): boolean {
  return ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
}

export function hostOf(url: string): string {
  return new URL(url).host;
}

/** Asks `address`. Never rejects, but where `signal` aborts. */
export async function fetchClaim(
  address: string,
  { signal, deadline = DEADLINE }: Pick<FetchOptions, 'signal' | 'deadline'>,
): Promise<Fetched> {
  const host = hostOf(address);
  const unreachable = (why: string) =>
    claimRefused(
      'unreachable',
      `claim from ${host} failed: ${why}`,
      'Check the network (kerbside doctor), or take the claim as a file.',
      { host, why },
    );
  try {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(deadline)]);
    const answer = await fetch(address, { signal: bounded, redirect: 'error' });
    if ([400, 403, 404, 409, 410, 422].includes(answer.status)) {
      await answer.body?.cancel();
      return claimRefused(
        'code-unknown',
        `${host} does not know this code, or it was used (HTTP ${answer.status})`,
        'Type it again; ask the city for a new one.',
        { host },
      );
    }
    if (!answer.ok) {
      await answer.body?.cancel();
      return unreachable(`HTTP ${answer.status}`);
    }
    return { ok: true, bytes: await bodyOf(answer) };
  } catch (thrown) {
    signal.throwIfAborted();
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const why = error.name === 'TimeoutError' ? `no answer within ${deadline / 1000} s` : causeOf(error);
    return unreachable(why);
  }
}

async function bodyOf(answer: Response): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of answer.body ?? []) {
    length += piece.length;
    if (length > LARGEST_ENVELOPE) throw new Error(`more than ${LARGEST_ENVELOPE} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function causeOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message;
}

/** A claim on its way into a factory image: what became of it, and what the console knows of the image. */

/** Why a claim was not taken; what the reader is told in the chosen language hangs on it. */
export const CLAIM_REFUSALS = [
  /** Neither a code nor an address nor a claim. */
  'no-code',
  /** The image names no address for codes. */
  'no-exchange',
  /** An address that is not the one of the image. */
  'other-address',
  /** The city knows no such code, or it was used. */
  'code-unknown',
  /** The city could not be asked. */
  'unreachable',
  'malformed',
  'unknown-key',
  'bad-signature',
  'other-hardware',
  /** The clock of this machine is before the signing. */
  'clock-behind',
  'expired',
  /** This very claim was taken here. */
  'used',
  /** Another claim was taken here. */
  'claimed',
  /** The site file in it is wrong. */
  'site-wrong',
  /** Another claim is being taken just now. */
  'busy',
  /** The card could not be written. */
  'not-written',
] as const;
export type ClaimRefusalCode = (typeof CLAIM_REFUSALS)[number];

export interface ClaimRefusal {
  readonly ok: false;
  readonly code: ClaimRefusalCode;
  /** In English, as `kerbside claim take` says it. */
  readonly reason: string;
  readonly fix: string;
  /** What the texts of other languages fill in: ids, moments, hosts. */
  readonly facts: Readonly<Record<string, string>>;
}

/** What this machine has become. */
export interface ClaimTaken {
  readonly ok: true;
  /** Id of the claim. */
  readonly claim: string;
  readonly site: string;
  readonly agent: string;
  /** Id of the key that signed it. */
  readonly key: string;
  /** Absolute paths. */
  readonly siteFile: string;
  readonly state: string;
  /** Where its console is for this machine alone, `127.0.0.1:8080`. */
  readonly console: string;
}

export function claimRefused(
  code: ClaimRefusalCode,
  reason: string,
  fix: string,
  facts: Readonly<Record<string, string>> = {},
): ClaimRefusal {
  return { ok: false, code, reason, fix, facts };
}

/** What the page of an unclaimed unit works with. */
export interface ClaimDesk {
  /** Ids of this machine, best first; empty: it has none. */
  readonly hardware: readonly string[];
  /** Host that codes are exchanged at; undefined: the image names none. */
  readonly exchange: string | undefined;
  /** Ids of the keys whose claims count. */
  readonly keys: readonly string[];
  /** True time as this machine has it, Unix epoch ms. */
  now(): number;
  /**
   * Takes a code, an address or a whole claim as somebody gave it. What is not right is a refusal; where it resolves with
   * `ok`, this machine is the named unit, whatever happens next.
   */
  take(given: string, signal: AbortSignal): Promise<ClaimTaken | ClaimRefusal>;
}

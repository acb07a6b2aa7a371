/** Routes of an unclaimed unit: who this machine is, and taking a claim. Nobody is logged in; what counts is a signature. */
import { encode } from 'uqr';
import type { ClaimDesk, ClaimRefusalCode, ClaimTaken } from '../../core/claim.ts';
import { LARGEST_ENVELOPE } from '../../core/envelope.ts';
import type { Log } from '../../core/log.ts';
import * as shape from './claim-contract.ts';
import { type Endpoint, endpoint, type Origin } from './endpoint.ts';
import { Problem } from './problem.ts';

export interface ClaimServices {
  readonly desk: ClaimDesk;
  readonly version: string;
  readonly log: Log;
  /** Told of a claim that was taken, with where from; gives the path of the first login. */
  readonly onTaken: (taken: ClaimTaken, from: Origin) => string;
}

/** Quotes of an envelope are escaped inside JSON, and there are few. */
const MOST_BODY = LARGEST_ENVELOPE + 64 * 1024;

const STATUS: Partial<Record<ClaimRefusalCode, number>> = { busy: 409, unreachable: 503, 'not-written': 503 };

export function claimEndpoints({ desk, version, log, onTaken }: ClaimServices): Endpoint[] {
  let taking = false;
  return [
    endpoint({
      method: 'GET',
      path: '/claim',
      role: 'viewer',
      open: true,
      summary: 'Who this machine is, and how it takes a claim.',
      answer: shape.unclaimed,
      run: async () => {
        const { hardware, exchange = null, keys } = desk;
        const [best] = hardware;
        const qr = best === undefined ? [] : encode(best, { border: 2 }).data;
        return {
          state: 'unclaimed' as const,
          version,
          now: Math.round(desk.now()),
          hardware: [...hardware],
          qr: qr.map((row) => row.map(Number).join('')),
          exchange,
          keys: [...keys],
        };
      },
    }),
    endpoint({
      method: 'POST',
      path: '/claim',
      role: 'viewer',
      open: true,
      summary:
        'Takes a claim: a code, an address, or a claim file. With its answer this machine is the named unit.',
      body: shape.claimBody,
      mostBody: MOST_BODY,
      answer: shape.taken,
      problems: [409, 413, 422, 429, 503],
      run: async ({ body, from, signal }) => {
        const refuse = (
          code: ClaimRefusalCode,
          reason: string,
          more: ConstructorParameters<typeof Problem>[3],
        ) => {
          log.warn('claim.refused', { code, reason, door: from.door, address: from.address });
          return new Problem(STATUS[code] ?? 422, code, reason, more);
        };
        if (taking) throw refuse('busy', 'another claim is being taken just now', {});
        taking = true;
        try {
          const result = await desk.take(body.claim.trim(), signal);
          if (!result.ok) throw refuse(result.code, result.reason, { fix: result.fix, facts: result.facts });
          const { agent, site, key, claim, console } = result;
          log.info('claim.taken', { claim, agent, site, key, door: from.door, address: from.address });
          return { agent, site, key, console, login: onTaken(result, from) };
        } finally {
          taking = false;
        }
      },
    }),
  ];
}

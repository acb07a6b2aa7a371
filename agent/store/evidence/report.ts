/** What a check of the evidence finds. */
import type { Lane } from '../../core/point.ts';

export interface Finding {
  readonly what: 'altered' | 'removed' | 'inserted' | 'set-back' | 'signature' | 'points' | 'clock';
  readonly lane?: Lane;
  /** The records in question: one batch where it can be told, else all between two signatures. */
  readonly from?: number;
  readonly to?: number;
  /** Number of the statement that shows it. */
  readonly statement?: number;
  /** A sentence. */
  readonly message: string;
}

/** Numbers of one lane. */
export interface LaneReport {
  /** First and last record there is; 0 and 0 for an empty lane. */
  readonly first: number;
  readonly last: number;
  /** First number that is in the chain: what stands before it an older agent wrote. */
  readonly chainFrom: number;
  /** Records of stretches between two signatures that are as they were signed. */
  readonly proved: number;
  /** From this number on nothing is signed yet; undefined where everything is. */
  readonly unprovedFrom?: number;
}

export interface EvidenceReport {
  readonly file: string;
  readonly agent: string;
  readonly epoch: string;
  /** Key that signed, base64url; undefined where nothing is signed. */
  readonly key?: string;
  /** True where that key was given from outside, and not merely found in the log. */
  readonly keyGiven: boolean;
  readonly statements: number;
  /** Of the last statement, Unix epoch ms. */
  readonly signedUntil?: number;
  /** Statements that were received elsewhere and held against the log. */
  readonly received: number;
  readonly lanes: Readonly<Record<Lane, LaneReport>>;
  /** Earliest first. */
  readonly findings: readonly Finding[];
}

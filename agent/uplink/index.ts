/** Uplinks, one line per kind. */
import { mqtt } from './mqtt/index.ts';

export const UPLINKS = { mqtt } as const;

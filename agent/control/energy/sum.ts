/** Sums of intervals over meters: the worst quality of the parts, and nothing where one is missing. Pure. */
import { ACCOUNT_QUALITIES, type AccountInterval, type AccountQuality } from '../../core/energy/energy.ts';

export function worst(qualities: readonly AccountQuality[]): AccountQuality {
  const index = qualities.reduce((most, one) => Math.max(most, ACCOUNT_QUALITIES.indexOf(one)), 0);
  return ACCOUNT_QUALITIES[index] ?? 'missing';
}

/** The sum of intervals of one span; of none it is missing, for nothing was measured. */
export function sumOf(
  parts: readonly AccountInterval[],
  { from, to }: { readonly from: number; readonly to: number },
): AccountInterval {
  if (parts.length === 0)
    return { from, to, quantity: null, atLeast: 0, quality: 'missing', completeness: null };
  const quality = worst(parts.map((part) => part.quality));
  const shares = parts.flatMap(({ completeness }) => completeness ?? []);
  const add = (value: (part: AccountInterval) => number) =>
    Math.round(parts.reduce((sum, part) => sum + value(part), 0) * 1e6) / 1e6;
  return {
    from,
    to,
    quantity: quality === 'missing' ? null : add(({ quantity }) => quantity ?? 0),
    atLeast: add(({ atLeast }) => atLeast),
    quality,
    completeness: shares.length === 0 ? null : shares.reduce((sum, one) => sum + one, 0) / shares.length,
  };
}

/**
 * Plain text for public boards: what a text of somebody else may hold so that it is read as it looks. No control and
 * format characters (Unicode Cc, Cf: line breaks, direction overrides, invisible ones), none of private use, no towers of
 * combining marks; white space is one space; bounded length.
 */

/** Joiners are part of how Persian, Hindi and emoji are written; everything else of Cf is layout or deceit. */
const HIDDEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}]/gu;
const SPACE = /[\s\u2028\u2029]+/gu;
/** More marks on one letter than any living script writes. */
const TOWER = /(\p{M}{4})\p{M}+/gu;
const TAG = /<\/?[A-Za-z][^<>]{0,300}>/g;

/**
 * `raw` as plain text of at most `max` code points, cut with `…` where it is longer. Tags of markup are taken out. Empty
 * where nothing readable is left. Longer input than 20 times `max` is not looked at beyond that.
 */
export function plainText(raw: string, max: number): string {
  const text = clean(raw.slice(0, max * 20).replace(TAG, ' '));
  const points = [...text];
  return points.length <= max
    ? text
    : `${points
        .slice(0, max - 1)
        .join('')
        .trimEnd()}…`;
}

/** Whether `raw` is plain text of 1 to `max` code points as it stands. */
export function isPlainText(raw: string, max: number): boolean {
  return raw.length > 0 && raw.length <= max * 2 && clean(raw) === raw && [...raw].length <= max;
}

function clean(raw: string): string {
  // What is hidden may have kept two spaces, or a letter and its mark, apart.
  const seen = raw.replace(SPACE, ' ').replace(HIDDEN, '').replace(SPACE, ' ');
  return seen.normalize('NFC').replace(TOWER, '$1').trim();
}

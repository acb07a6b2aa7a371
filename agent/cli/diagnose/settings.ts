/** Settings of a line in words, and the ones that are tried where nobody answers at the given one. */
import type { SerialSettings } from '../../core/site.ts';

const LETTERS = { none: 'N', even: 'E', odd: 'O' } as const;

/** `19200 8E1` */
export function settingText({ baud, dataBits, parity, stopBits }: SerialSettings): string {
  return `${baud} ${dataBits}${LETTERS[parity]}${stopBits}`;
}

/** Undefined where the text is no format such as 8N1. */
export function parseSetting(baud: number, format: string): SerialSettings | undefined {
  const match = /^([78])([NEO])([12])$/.exec(format);
  if (match === null || !(baud >= 50 && baud <= 4_000_000)) return undefined;
  const parity = { N: 'none', E: 'even', O: 'odd' } as const;
  return {
    baud,
    dataBits: match[1] === '7' ? 7 : 8,
    parity: parity[match[2] as keyof typeof parity],
    stopBits: match[3] === '2' ? 2 : 1,
  };
}

/** What meters leave the factory with comes first, then the other rates, then what is rare. */
const TRIED: readonly (readonly [baud: number, format: string])[] = [
  ...[9600, 19_200].flatMap((baud) => [[baud, '8N1'] as const, [baud, '8E1'] as const]),
  ...[4800, 2400, 38_400, 115_200, 57_600].flatMap((baud) => [
    [baud, '8N1'] as const,
    [baud, '8E1'] as const,
  ]),
  ...[9600, 19_200].map((baud) => [baud, '8O1'] as const),
  [1200, '8N1'],
  [1200, '8E1'],
];

/** Every setting to try but the given one. A receiver does not tell one stop bit from two. */
export function otherSettings(given: SerialSettings): readonly SerialSettings[] {
  return TRIED.flatMap(([baud, format]) => {
    const setting = parseSetting(baud, format);
    const same = setting?.baud === given.baud && setting.parity === given.parity;
    return setting === undefined || same ? [] : [setting];
  });
}

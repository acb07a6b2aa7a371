/**
 * Records of a GST9000 fire panel's printer port: GB2312 text in lines, ESC 6 and ESC 9 between them, an empty line at
 * the end, no checksum. Source: a public page on the panel's printer port (docs/uplinks/gb26875.md).
 */
import { fromHex } from '../../core/bytes.ts';
import { type Decoder, refused } from '../../core/decode.ts';

const GB18030 = new TextDecoder('gb18030');

/** What a word of a line says; the first that fits. */
const EVENTS: readonly (readonly [RegExp, string])[] = [
  [/火警/, 'fire'],
  [/复位/, 'reset'],
  [/故障恢复|恢复正常/, 'restored'],
  [/故障/, 'fault'],
  [/屏蔽解除|解除屏蔽/, 'shield released'],
  [/屏蔽/, 'shield'],
  [/反馈/, 'feedback'],
  [/启动/, 'start'],
  [/停动|停止/, 'stop'],
  [/监管/, 'supervise'],
  [/自检/, 'self-test'],
];

export interface PrinterRecord {
  readonly lines: readonly string[];
  /** Undefined where no word is known. */
  readonly event?: string;
}

/** Lines of a record without control characters and blanks around them. */
export function printerRecord(bytes: Uint8Array): PrinterRecord {
  // ESC and the digit behind it set the printer, they are no text.
  const plain: number[] = [];
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === 0x1b) i += 1;
    else plain.push(byte);
  }
  const lines = GB18030.decode(Uint8Array.from(plain))
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const event = EVENTS.find(([word]) => lines.some((line) => word.test(line)))?.[1];
  return event === undefined ? { lines } : { lines, event };
}

export const decoder: Decoder = {
  protocols: ['gst9000-printer'],
  decode(_protocol, input) {
    const bytes = typeof input === 'string' ? fromHex(input) : input;
    if (bytes === undefined) return refused('not hex');
    const { lines, event } = printerRecord(bytes);
    if (lines.length === 0) return refused('record: no line of text');
    if (lines.some((line) => line.includes('\ufffd'))) return refused('text: not GB2312', { lines });
    if (!/^\d\d\/\d\d\/\d\d\s+\d\d:\d\d$/.test(lines[0] ?? '')) {
      return refused(`record: expected yy/MM/dd HH:mm first, got ${lines[0]}`, { lines });
    }
    return { lines, event: event ?? null, ok: true };
  },
};

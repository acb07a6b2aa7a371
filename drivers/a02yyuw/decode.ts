/** Explains frames of ultrasonic distance sensors. */
import { type Decoder, refused } from '../decode.ts';
import { bytesOf, byteText, exactly } from '../scanner.ts';
import { frameAt, NO_ECHO, SIZE } from './frame.ts';

export const decoder: Decoder = {
  protocols: ['ultrasonic-a02yyuw'],
  decode(_protocol, input) {
    const bytes = bytesOf(input);
    if (bytes === undefined) return refused('not hex');
    return exactly(bytes, frameAt(bytes), SIZE, (distance_mm) => {
      const checksum = byteText(bytes[3] ?? 0);
      if (distance_mm >= NO_ECHO)
        return refused(`error code ${distance_mm.toString(16).toUpperCase()}`, { checksum });
      const readings = [{ name: 'distance_mm', value: distance_mm, unit: 'mm' }];
      return { ok: true, distance_mm, checksum, readings };
    });
  },
};

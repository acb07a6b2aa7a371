/** A JPEG as RTP packets (RFC 2435): for baseline pictures of 4:2:0 with the standard Huffman tables. */

/** Largest payload of a packet, bytes; an interleaved one could have more, a real camera's has not. */
const MAX_PAYLOAD = 1400;
const PAYLOAD_TYPE = 26;

export interface Scan {
  readonly width: number;
  readonly height: number;
  /** Luminance and chrominance, 64 bytes each. */
  readonly tables: Buffer;
  /** Coded data between start of scan and end of image. */
  readonly data: Buffer;
}

/** Takes a JPEG apart. Throws for one that RFC 2435 cannot carry. */
export function scanOf(jpeg: Buffer): Scan {
  const tables: Buffer[] = [];
  let [width, height] = [0, 0];
  for (let at = 2; at + 4 <= jpeg.length; ) {
    const marker = jpeg.readUInt16BE(at);
    const length = jpeg.readUInt16BE(at + 2);
    const body = jpeg.subarray(at + 4, at + 2 + length);
    at += 2 + length;
    if (marker === 0xffdb) {
      for (let table = 0; table + 65 <= body.length; table += 65) {
        tables[(body[table] ?? 0) & 15] = body.subarray(table + 1, table + 65);
      }
    } else if (marker === 0xffc0) {
      height = body.readUInt16BE(1);
      width = body.readUInt16BE(3);
      if (body[7] !== 0x22) throw new Error('the JPEG is not 4:2:0');
    } else if (marker === 0xffda) {
      const [luminance, chrominance] = tables;
      if (luminance === undefined || chrominance === undefined || width === 0) break;
      const data = jpeg.subarray(at, jpeg.length - 2);
      return { width, height, tables: Buffer.concat([luminance, chrominance]), data };
    }
  }
  throw new Error('the JPEG is not a baseline one');
}

/** `sequence`: number of the first packet; `timestamp`: of the frame, 90 kHz. */
export function rtpPackets(scan: Scan, sequence: number, timestamp: number, ssrc: number): Buffer[] {
  const packets: Buffer[] = [];
  for (let offset = 0; offset < scan.data.length; ) {
    // §3.1.8: tables in the first packet of each frame, because Q is 255.
    const quantization =
      offset === 0 ? Buffer.concat([Buffer.from([0, 0, 0, 128]), scan.tables]) : Buffer.alloc(0);
    const room = MAX_PAYLOAD - 8 - quantization.length;
    const piece = scan.data.subarray(offset, offset + room);
    const last = offset + piece.length === scan.data.length;
    const header = Buffer.alloc(20);
    header[0] = 0x80;
    header[1] = PAYLOAD_TYPE | (last ? 0x80 : 0);
    header.writeUInt16BE((sequence + packets.length) & 0xffff, 2);
    header.writeUInt32BE(timestamp >>> 0, 4);
    header.writeUInt32BE(ssrc >>> 0, 8);
    // §3.1: type-specific, fragment offset, type 1 (4:2:0), Q, width and height in 8 pixels.
    header.writeUInt32BE(offset, 12);
    header[16] = 1;
    header[17] = 255;
    header[18] = scan.width / 8;
    header[19] = scan.height / 8;
    packets.push(Buffer.concat([header, quantization, piece]));
    offset += piece.length;
  }
  return packets;
}

/** Frames of GB/T 26875.3 as panels and centres make and read them: written apart from the agent's codec. */

export interface FireFrame {
  readonly serial: number;
  readonly from: number;
  readonly to: number;
  /** 1 control, 2 send, 3 ack, 4 request, 5 reply, 6 nak. */
  readonly command: number;
  readonly data: Buffer;
}

/** `2027-01-01T08:00:00` as seconds, minutes, hours, day, month, year. */
export function fireTime(local: Date): readonly number[] {
  const [year = '', month = '', day = '', hour = '', minute = '', second = ''] = local
    .toISOString()
    .split(/[-T:.]/);
  return [second, minute, hour, day, month, year.slice(2)].map(Number);
}

export function fireFrame({ serial, from, to, command, data }: FireFrame, local: Date): Buffer {
  const six = (value: number) => Array.from({ length: 6 }, (_, i) => Math.floor(value / 256 ** i) % 256);
  const body = [
    serial % 256,
    Math.floor(serial / 256) % 256,
    1,
    1,
    ...fireTime(local),
    ...six(from),
    ...six(to),
    data.length % 256,
    Math.floor(data.length / 256),
    command,
    ...data,
  ];
  const sum = body.reduce((all, byte) => all + byte, 0) % 256;
  return Buffer.from([0x40, 0x40, ...body, sum, 0x23, 0x23]);
}

/** Whole frames at the front of `bytes`, one after the other; a strict receiver that throws at the first wrong byte. */
export function fireFrames(bytes: Buffer): { frames: FireFrame[]; rest: Buffer } {
  const frames: FireFrame[] = [];
  let rest = bytes;
  while (rest.length >= 30) {
    if (rest.toString('latin1', 0, 2) !== '@@') throw new Error('a frame without @@');
    const size = 30 + rest.readUInt16LE(24);
    if (rest.length < size) break;
    if (rest.toString('latin1', size - 2, size) !== '##') throw new Error('a frame without ##');
    let sum = 0;
    for (const byte of rest.subarray(2, size - 3)) sum = (sum + byte) % 256;
    if (rest[size - 3] !== sum) throw new Error('a wrong sum');
    frames.push({
      serial: rest.readUInt16LE(2),
      from: rest.readUIntLE(12, 6),
      to: rest.readUIntLE(18, 6),
      command: rest[26] ?? 0,
      data: Buffer.from(rest.subarray(27, size - 3)),
    });
    rest = rest.subarray(size);
  }
  return { frames, rest };
}

/** A state of a part with its description: system type and address, part type, address, bits, text, time. */
export function partState(
  part: { readonly type: number; readonly address: number; readonly bits: number; readonly text?: Buffer },
  local: Date,
  system: readonly [type: number, address: number] = [1, 1],
): Buffer {
  const text = Buffer.alloc(31);
  part.text?.copy(text);
  return Buffer.from([
    ...system,
    part.type,
    ...[0, 8, 16, 24].map((shift) => (part.address >>> shift) & 0xff),
    part.bits & 0xff,
    part.bits >> 8,
    ...text,
    ...fireTime(local),
  ]);
}

export function systemState(bits: number, local: Date, system: readonly [number, number] = [1, 1]): Buffer {
  return Buffer.from([...system, bits % 256, bits >> 8, ...fireTime(local)]);
}

export function analogue(
  part: { readonly type: number; readonly address: number; readonly kind: number; readonly raw: number },
  local: Date,
): Buffer {
  const raw = (part.raw + 0x10000) % 0x10000;
  const address = [0, 8, 16, 24].map((shift) => (part.address >>> shift) & 0xff);
  return Buffer.from([1, 1, part.type, ...address, part.kind, raw % 256, raw >> 8, ...fireTime(local)]);
}

/** Type, count, objects. */
export function fireData(type: number, ...objects: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.from([type, objects.length]), ...objects]);
}

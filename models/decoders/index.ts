/** The decoders by kind; a new kind is a file and a line here. */
import type { Decoder } from '../../agent/core/model.ts';
import { blazeface } from './blazeface.ts';
import { centernet } from './centernet.ts';
import { faceboxes } from './faceboxes.ts';
import { gfl } from './gfl.ts';
import { ultraface } from './ultraface.ts';
import { yolox } from './yolox.ts';
import { yunet } from './yunet.ts';

const all: readonly Decoder[] = [blazeface, centernet, faceboxes, gfl, ultraface, yolox, yunet];

export const DECODERS: ReadonlyMap<string, Decoder> = new Map(all.map((decoder) => [decoder.kind, decoder]));

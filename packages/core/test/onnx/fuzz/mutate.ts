/** One mutant of a file from a seed: one to three mutations, and what they were. */
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { Draw } from '../../generators/draw.ts';
import { attributeMutations } from './attribute-mutations.ts';
import { blindly } from './blind.ts';
import type { Subject } from './corpus.ts';
import { graphMutations } from './graph-mutations.ts';
import type { Mutation } from './hostile.ts';
import { nestingMutations } from './nesting-mutations.ts';
import { tensorMutations } from './tensor-mutations.ts';

export interface Mutant {
  readonly bytes: Uint8Array;
  /** The file it is made of. */
  readonly of: string;
  /** What was done to it, in order. */
  readonly how: readonly string[];
}

const families: readonly Readonly<Record<string, Mutation>>[] = [
  graphMutations,
  tensorMutations,
  attributeMutations,
  nestingMutations,
];

function structured(draw: Draw, bytes: Uint8Array, times: number): Omit<Mutant, 'of'> {
  const proto = fromBinary(ModelProtoSchema, bytes);
  const how: string[] = [];
  for (let i = 0; i < times; i++) {
    const [name, mutation] = draw.pick(Object.entries(draw.pick(families)));
    if (mutation(draw, proto)) how.push(name);
  }
  return { bytes: toBinary(ModelProtoSchema, proto), how };
}

export function mutantOf(subjects: readonly Subject[], seed: number): Mutant {
  const draw = new Draw(seed);
  const { name, bytes } = draw.pick(subjects);
  const times = draw.pick([1, 1, 1, 2, 3]);
  if (draw.chance(0.75)) return { of: name, ...structured(draw, bytes, times) };
  let changed = bytes;
  const how: string[] = [];
  for (let i = 0; i < times; i++) {
    const next = blindly(draw, changed);
    changed = next.bytes;
    how.push(next.how);
  }
  return { bytes: changed, of: name, how };
}

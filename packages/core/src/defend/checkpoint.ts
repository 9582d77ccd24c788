/** What a training is between two epochs. */
import { floats, type Tensor } from '../tensor/tensor.ts';
import { averageName } from './average.ts';
import type { Values } from './network.ts';
import type { Validated } from './validation.ts';

export interface EpochReport {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Mean loss of the epoch's batches. */
  readonly loss: number;
  /** Learning rate and radius at its last step. */
  readonly rate: number;
  readonly eps: number;
  readonly seconds: number;
  /** Milliseconds in the programs, for each step. */
  readonly stepTime: number;
  /** On the validation data; null where there are none. */
  readonly validated: Validated | null;
}

/** `parameters`, `statistics`, the optimiser's slots and, where a mean is kept, its values under averageName, by name. */
export type Vectors = Readonly<Record<string, Tensor>>;

/** The best epoch so far. */
export interface Kept {
  readonly epoch: number;
  readonly validated: Validated;
  readonly vectors: Vectors;
}

export interface Checkpoint {
  readonly vectors: Vectors;
  readonly best: Kept | null;
  /** One report for each epoch that is over. */
  readonly history: readonly EpochReport[];
  /** After which epoch the method's fallback took over; null: it did not. */
  readonly fellBack: number | null;
}

/** What the network computes with, of all that is kept: the mean, where there is one. */
export function valuesIn(vectors: Vectors): Values {
  const of = (name: string): Tensor => vectors[averageName(name)] ?? vectors[name] ?? floats([]);
  return { parameters: of('parameters'), statistics: of('statistics') };
}

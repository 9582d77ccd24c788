/**
 * A slice of `npm run soak -- onnx`: files broken from a seed are refused by a typed error, or read to
 * what they compute.
 */
import { describe, expect, test } from 'vitest';
import { handMade } from './fuzz/corpus.ts';
import { checkMutant, type Phase } from './fuzz/case.ts';
import { mutantOf } from './fuzz/mutate.ts';

const SLICES = 8;
const MUTANTS = 50;

describe('mutants of hand-made files', () => {
  test.each(Array.from({ length: SLICES }, (_, i) => i))('slice %i', async (slice) => {
    for (let i = 0; i < MUTANTS; i++) {
      const seed = 1_000_000 + slice * MUTANTS + i;
      const mutant = mutantOf(handMade, seed);
      const phases: Phase[] = [];
      try {
        await checkMutant(mutant, seed, { begun: (phase) => phases.push(phase) });
      } catch (cause) {
        throw new Error(`${mutant.of}, ${mutant.how.join(', ')} (seed ${seed})`, { cause });
      }
      expect(phases).toEqual(['reading', 'running', 'done']);
    }
  });
});

test('the same seed gives the same mutant', () => {
  const [one, again] = [mutantOf(handMade, 7), mutantOf(handMade, 7)];
  expect(one).toEqual(again);
});

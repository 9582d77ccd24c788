// What indicators come to: evidence is made up here, one sign at a time.
import { expect, test } from 'vitest';
import type { Evidence } from '../../src/diagnose/evidence.ts';
import type { SlopeProbe } from '../../src/diagnose/slopes.ts';
import { verdictOf } from '../../src/diagnose/verdict.ts';

/** Of a model about which nothing is known. */
function evidenceOf(count: number): Omit<Evidence, 'trials' | 'paths' | 'slopes' | 'steps'> {
  return {
    count,
    total: count,
    eps: 1,
    output: 'scores',
    constant: false,
    wavering: null,
    examined: { norm: 'linf', passable: false, random: false },
    brackets: [],
  };
}

test('signs of one cause are one fact: they do not confirm alone', () => {
  const told = (fired: readonly (keyof SlopeProbe | 'steps')[]) => {
    const flat = Float64Array.from({ length: 40 }, () => (fired.includes('margin') ? 0 : 1));
    const [still, apart] = [Float32Array.of(1, 1), Float32Array.of(1, 0.5)];
    const disagree = new Float64Array(40).fill(fired.includes('cosine') ? 0 : 1);
    const standing = { id: 'none', eps: 1, broken: Array<boolean>(40).fill(false) };
    return verdictOf({
      ...evidenceOf(40),
      trials: {
        iterated: standing,
        oneStep: standing,
        random: standing,
        curve: [standing],
        longer: null,
        scores: null,
        transfer: null,
        adapted: null,
        unbounded: null,
      },
      paths: Array<Float32Array>(40).fill(fired.includes('margin') ? still : apart),
      steps: { flat: new Float64Array(40).fill(fired.includes('steps') ? 1 : 0) },
      slopes: {
        margin: flat,
        loss: flat,
        cosine: disagree,
        bend: new Float64Array(40),
        changes: Array<boolean>(40).fill(true),
      },
    }).verdict;
  };
  expect(told([])).toBe('none');
  expect(told(['margin', 'steps'])).toBe('suspected');
  expect(told(['margin', 'steps', 'cosine'])).toBe('confirmed');
});

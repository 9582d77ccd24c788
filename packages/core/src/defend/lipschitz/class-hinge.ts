/** The hinge loss of several classes under ‖w_j − w_k‖₁ ≤ L or _∞ ≤ L: a linear program, solved by HiGHS. */
import { OpenProgram } from '../../lp/highs.ts';
import { ProgramBuilder, type Term } from '../../lp/program.ts';
import { type ClassData, pairsOf } from './class-certificate.ts';
import type { FoundScorer } from './class-splitting.ts';
import type { InputNorm } from './linear-descent.ts';

/**
 * Columns: weights and biases, those of the first class 0, as only differences count; d_jk = w_j − w_k for each pair
 * in one part or two; slacks ξᵢ ≥ 1 − (z_y − z_k), at a cost of 1/n each. Multipliers of the last are pᵢ/n, those of
 * the differences −u.
 */
export async function classHinge(
  data: ClassData,
  name: InputNorm,
  limit: number,
): Promise<FoundScorer> {
  if (name === 'l2') {
    throw new RangeError('the hinge in ℓ2 is no linear program: take the logistic or squared loss');
  }
  const { x, y, classes } = data;
  const [rows, width] = [y.length, x.length / y.length];
  const pairs = pairsOf(classes);
  const program = new ProgramBuilder();
  const perClass = (count: number): number[] =>
    Array.from({ length: classes * count }, (_, i) =>
      i < count ? program.column(0, 0) : program.column(-Infinity, Infinity),
    );
  const weights = perClass(width);
  const biases = perClass(1);
  pairs.forEach(([from, to]) => {
    const parts: number[] = [];
    for (let j = 0; j < width; j++) {
      const own: Term[] =
        name === 'l1'
          ? [[program.column(-limit, limit), -1]]
          : [
              [program.column(0, limit), -1],
              [program.column(0, limit), 1],
            ];
      parts.push(...own.map(([column]) => column));
      const ends: Term[] = [
        [weights[from * width + j] ?? 0, 1],
        [weights[to * width + j] ?? 0, -1],
      ];
      program.row([...ends, ...own], 0, 0);
    }
    // ‖d‖₁ as the sum of positive and negative parts.
    if (name === 'linf') {
      program.row(
        parts.map((column): Term => [column, 1]),
        -Infinity,
        limit,
      );
    }
  });
  const first = pairs.length * (width + (name === 'linf' ? 1 : 0));
  y.forEach((answer, row) => {
    const slack = program.column(0, Infinity, 1 / rows);
    for (let k = 0; k < classes; k++) {
      if (k === answer) continue;
      const terms: Term[] = [
        [biases[answer] ?? 0, 1],
        [biases[k] ?? 0, -1],
        [slack, 1],
      ];
      for (let j = 0; j < width; j++) {
        const value = x[row * width + j] ?? 0;
        terms.push([weights[answer * width + j] ?? 0, value]);
        terms.push([weights[k * width + j] ?? 0, -value]);
      }
      program.row(terms, 1, Infinity);
    }
  });
  const open = await OpenProgram.open(program.program());
  if (!open) throw new RangeError('the samples are too large for a linear program');
  const { point, duals } = open.solve();
  open.dispose();
  if (!point || !duals) throw new RangeError('the linear program was not solved');
  const reached = new Float64Array(rows * classes);
  y.forEach((answer, row) => {
    const others = Array.from({ length: classes }, (_, k) => k).filter((k) => k !== answer);
    const own = others.map((_, i) =>
      Math.max(0, rows * (duals[first + row * (classes - 1) + i] ?? 0)),
    );
    const sum = own.reduce((total, value) => total + value, 0);
    const share = sum > 1 ? 1 / sum : 1;
    others.forEach((k, i) => (reached[row * classes + k] = share * (own[i] ?? 0)));
    reached[row * classes + answer] = Math.max(0, 1 - sum * share);
  });
  const stride = width + (name === 'linf' ? 1 : 0);
  const flows = Float64Array.from(
    { length: pairs.length * width },
    (_, i) => -(duals[Math.floor(i / width) * stride + (i % width)] ?? 0),
  );
  const valuesOf = (columns: readonly number[]): Float64Array =>
    Float64Array.from(columns, (column) => point[column] ?? 0);
  return {
    scorer: { weights: valuesOf(weights), biases: valuesOf(biases) },
    dual: { reached, flows },
  };
}

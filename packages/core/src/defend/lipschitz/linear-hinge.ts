/** The hinge loss of a linear classifier under ‖w‖₁ ≤ L or ‖w‖_∞ ≤ L: a linear program, solved by HiGHS. */
import { OpenProgram } from '../../lp/highs.ts';
import { ProgramBuilder, type Term } from '../../lp/program.ts';
import type { LinearData } from './linear-certificate.ts';
import type { Found, InputNorm } from './linear-descent.ts';

/** Slacks ξᵢ ≥ 1 − yᵢ(w·xᵢ + b), at a cost of 1/n each; the rows' multipliers are αᵢ/n. */
export async function hingeFit(data: LinearData, name: InputNorm, limit: number): Promise<Found> {
  if (name === 'l2') {
    throw new RangeError('the hinge in ℓ2 is no linear program: take the logistic or squared loss');
  }
  const rows = data.y.length;
  const width = data.x.length / rows;
  const program = new ProgramBuilder();
  const columns = Array.from({ length: width }, () =>
    name === 'l1'
      ? [program.column(-limit, limit)]
      : [program.column(0, limit), program.column(0, limit)],
  );
  const bias = program.column(-Infinity, Infinity);
  // ‖w‖₁ as the sum of positive and negative parts.
  if (name === 'linf')
    program.row(
      columns.flat().map((each): Term => [each, 1]),
      -Infinity,
      limit,
    );
  const first = name === 'linf' ? 1 : 0;
  data.y.forEach((label, row) => {
    const slack = program.column(0, Infinity, 1 / rows);
    const terms = columns.flatMap((parts, j) => {
      const value = label * (data.x[row * width + j] ?? 0);
      return parts.map((each, part): Term => [each, part === 0 ? value : -value]);
    });
    program.row([...terms, [bias, label], [slack, 1]], 1, Infinity);
  });
  const open = await OpenProgram.open(program.program());
  if (!open) throw new RangeError('the samples are too large for a linear program');
  const { point, duals } = open.solve();
  open.dispose();
  if (!point || !duals) throw new RangeError('the linear program was not solved');
  const weights = Float64Array.from(
    columns,
    ([plus = 0, minus]) => (point[plus] ?? 0) - (minus === undefined ? 0 : (point[minus] ?? 0)),
  );
  const classifier = { weights, bias: point[bias] ?? 0 };
  const alpha = Float64Array.from(data.y, (_, row) =>
    Math.min(1, Math.max(0, rows * (duals[first + row] ?? 0))),
  );
  return { classifier, alpha };
}

/**
 * Linear programs solved by HiGHS (wasm). Its answers order work and suggest points; what they prove is
 * recomputed from its duals. It is loaded at the first program: 4 MB, and about 20 ms.
 */
import type { Highs, InitOptions, Model } from 'highs';
import { copyOf, dualBound, type Limits, type LinearProgram, provesEmpty } from './program.ts';

export interface LpAnswer {
  /** Proven: no feasible point costs less. Infinity where it is proven that there is none. */
  readonly bound: number;
  /** A point that HiGHS calls optimal, to its tolerances; null where it gives none. */
  readonly point: Float64Array | null;
  /** The rows' multipliers there. */
  readonly duals: Float64Array | null;
}

const NOTHING: LpAnswer = { bound: -Infinity, point: null, duals: null };

/** HiGHS's own tolerances, both as tight as it lets them. */
const TOLERANCE = 1e-10;
const MOST_ITERATIONS = 1_000_000;

let loading: Promise<Highs> | null = null;

type Loader = (options?: InitOptions) => Promise<Highs>;

/** The package's types are of its CommonJS build, whose default export is wrapped once more. */
const isLoader = (value: unknown): value is Loader => typeof value === 'function';

async function load(): Promise<Highs> {
  const { default: loader } = await import('highs');
  if (!isLoader(loader)) throw new TypeError('highs has no loader');
  return loader();
}

/** The solver, loaded once. */
export function loadHighs(): Promise<Highs> {
  loading ??= load();
  return loading;
}

/** The program as HiGHS has it; `integrality`: 1 for columns of whole numbers. The caller disposes of it. */
export function modelOf(
  highs: Highs,
  { cost, limits, starts, indices, values }: LinearProgram,
  integrality?: Int32Array,
): Model {
  const [numRows, numCols] = [limits.rowLower.length, cost.length];
  return highs.createModel({
    numCols,
    numRows,
    colCost: cost,
    colLower: limits.lower,
    colUpper: limits.upper,
    rowLower: limits.rowLower,
    rowUpper: limits.rowUpper,
    matrix: { format: 'csr', numRows, numCols, starts, indices, values },
    ...(integrality ? { integrality } : {}),
  });
}

/** What a call gives; null where the solver refuses it. */
function accepted<T>({ errors }: Highs, call: () => T): T | null {
  try {
    return call();
  } catch (error) {
    if (error instanceof errors.HighsError) return null;
    throw error;
  }
}

/** A program that is solved again and again as its limits change; each solve starts from the last basis. */
export class OpenProgram {
  private readonly program: LinearProgram;
  private readonly highs: Highs;
  private readonly model: Model;
  /** What the solver was told last; null where it may have been told a part. */
  private limits: Limits | null;

  private constructor(program: LinearProgram, highs: Highs, model: Model) {
    this.program = program;
    this.highs = highs;
    this.model = model;
    this.limits = copyOf(program.limits);
    model.options.set({
      output_flag: false,
      presolve: 'off',
      solver: 'simplex',
      primal_feasibility_tolerance: TOLERANCE,
      dual_feasibility_tolerance: TOLERANCE,
      small_matrix_value: 1e-12,
      simplex_iteration_limit: MOST_ITERATIONS,
    });
  }

  /**
   * Memory of the solver is held until `dispose`. null where the solver refuses the program: numbers
   * beyond 1e15 in its rows, or ends it takes for infinite (1e20).
   */
  static async open(program: LinearProgram): Promise<OpenProgram | null> {
    const highs = await loadHighs();
    const model = accepted(highs, () => modelOf(highs, program));
    return model && new OpenProgram(program, highs, model);
  }

  /** Minimises within other limits than the program's own. */
  solve(limits: Limits = this.program.limits): LpAnswer {
    const { model, highs, program } = this;
    const answer = accepted(highs, (): LpAnswer => {
      this.adopt(limits);
      model.run();
      const { infeasible, optimal } = highs.constants.modelStatus;
      const status = model.getModelStatus();
      if (status === infeasible) {
        const ray = model.getDualRay();
        const empty = ray !== undefined && provesEmpty(program, limits, ray.values);
        return empty ? { ...NOTHING, bound: Infinity } : NOTHING;
      }
      const { colValue, rowDual } = model.getSolution();
      const bound = dualBound(program, limits, rowDual);
      return { bound, point: status === optimal ? colValue : null, duals: rowDual };
    });
    if (!answer) model.clearSolver();
    return answer ?? NOTHING;
  }

  /** Tells the solver what has changed since the last solve. */
  private adopt(limits: Limits): void {
    const { model, limits: old } = this;
    this.limits = null;
    limits.lower.forEach((low, i) => {
      const high = limits.upper[i] ?? 0;
      if (low !== old?.lower[i] || high !== old.upper[i]) model.changeColBounds(i, low, high);
    });
    limits.rowLower.forEach((low, i) => {
      const high = limits.rowUpper[i] ?? 0;
      if (low !== old?.rowLower[i] || high !== old.rowUpper[i]) model.changeRowBounds(i, low, high);
    });
    this.limits = copyOf(limits);
  }

  dispose(): void {
    this.model.dispose();
  }
}

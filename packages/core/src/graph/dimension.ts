/**
 * Sizes of axes. A dimension is a whole number or a symbolic size: a monomial such as `batch`,
 * `3*batch` or `batch*rows`, kept as a canonical string so that equality is ===.
 */

export type Dimension = number | string;
export type Shape = readonly Dimension[];

/** The symbolic size every model's samples are counted by. */
export const BATCH = 'batch';

interface Monomial {
  readonly factor: number;
  readonly symbols: readonly string[];
}

function parse(dim: Dimension): Monomial {
  if (typeof dim === 'number') return { factor: dim, symbols: [] };
  const parts = dim.split('*');
  const first = Number(parts[0]);
  return Number.isNaN(first)
    ? { factor: 1, symbols: parts }
    : { factor: first, symbols: parts.slice(1) };
}

function print({ factor, symbols }: Monomial): Dimension {
  if (symbols.length === 0 || factor === 0) return factor;
  const product = [...symbols].sort().join('*');
  return factor === 1 ? product : `${factor}*${product}`;
}

export function isSymbolic(dim: Dimension): dim is string {
  return typeof dim === 'string';
}

/** The symbols a shape is made of, each once. */
export function symbolsOf(shape: Shape): string[] {
  return [...new Set(shape.flatMap((dim) => parse(dim).symbols))];
}

export function multiply(a: Dimension, b: Dimension): Dimension {
  const x = parse(a);
  const y = parse(b);
  return print({ factor: x.factor * y.factor, symbols: [...x.symbols, ...y.symbols] });
}

/** a / b where b divides a exactly; undefined otherwise. */
export function divide(a: Dimension, b: Dimension): Dimension | undefined {
  const x = parse(a);
  const y = parse(b);
  if (y.factor === 0 || x.factor % y.factor !== 0) return undefined;
  const symbols = [...x.symbols];
  for (const symbol of y.symbols) {
    const at = symbols.indexOf(symbol);
    if (at < 0) return undefined;
    symbols.splice(at, 1);
  }
  return print({ factor: x.factor / y.factor, symbols });
}

/** Number of elements of a shape, symbolic where an axis is. */
export function elementCount(shape: Shape): Dimension {
  return shape.reduce<Dimension>((product, dim) => multiply(product, dim), 1);
}

/** Shapes that do not fit what is made of them. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
}

/** The size as a number; throws ShapeError when it is symbolic. */
export function known(dim: Dimension, what: string): number {
  if (typeof dim === 'number') return dim;
  throw new ShapeError(`${what} must have a known size, but it is ${dim}`);
}

/** NumPy broadcasting, right-aligned; undefined when the shapes do not broadcast. */
export function broadcastShapes(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const result: Dimension[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x === y || y === 1) result.push(x);
    else if (x === 1) result.push(y);
    else return undefined;
  }
  return result;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

export function printShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

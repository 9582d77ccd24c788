/** Elementwise functions of one or more values that broadcast as NumPy's do. */
import { build, type Index, operandOf, readBroadcast, type Value } from './value.ts';

function broadcastShape(shapes: readonly Index[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const dims = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const dim = dims.find((candidate) => candidate !== 1) ?? 1;
    if (dims.some((other) => other !== 1 && other !== dim)) {
      throw new RangeError(
        `shapes ${shapes.map((shape) => `[${shape.join()}]`).join(' ')} do not fit`,
      );
    }
    return dim;
  });
}

export function unary(operands: readonly Value[], f: (x: number) => number): Value {
  const x = operandOf(operands);
  return build(x.shape, (index) => f(readBroadcast(x, index)));
}

export function binary(operands: readonly Value[], f: (x: number, y: number) => number): Value {
  const [x, y] = [operandOf(operands, 0), operandOf(operands, 1)];
  return build(broadcastShape([x.shape, y.shape]), (index) =>
    f(readBroadcast(x, index), readBroadcast(y, index)),
  );
}

export function ternary(
  operands: readonly Value[],
  f: (x: number, y: number, z: number) => number,
): Value {
  const [x, y, z] = [operandOf(operands, 0), operandOf(operands, 1), operandOf(operands, 2)];
  return build(broadcastShape([x.shape, y.shape, z.shape]), (index) =>
    f(readBroadcast(x, index), readBroadcast(y, index), readBroadcast(z, index)),
  );
}

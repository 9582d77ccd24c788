/**
 * QuantizeLinear and DequantizeLinear in float32: a quantised value is a whole number that float32 holds
 * exactly. Quantising is a step function, so its gradient is zero.
 */
import type { Dimension } from '../../graph/dimension.ts';
import type { Node } from '../../graph/graph.ts';
import { floats, sizeOf, type Tensor } from '../../tensor/tensor.ts';
import type { Lowering, LoweringContext } from '../lowering.ts';

/** What the types of a zero point can hold. */
const limits: Readonly<Record<string, readonly [min: number, max: number]>> = {
  uint8: [0, 255],
  int8: [-128, 127],
};

/** A scale or zero point, one number or one for each position along an axis, shaped to broadcast. */
function along(c: LoweringContext, parameter: Node, x: Node): Node {
  const [count] = parameter.shape;
  if (parameter.shape.length === 0 || (count === 1 && parameter.shape.length === 1)) {
    return c.b.reshape(parameter, []);
  }
  if (parameter.shape.length > 1 || c.int('block_size', 0) !== 0) {
    throw c.unsupported('quantisation in blocks is not supported');
  }
  const axis = c.axis(c.int('axis', 1), x.shape.length);
  const shape = x.shape.map((_, i): Dimension => (i === axis ? (count ?? 1) : 1));
  return c.b.reshape(parameter, shape);
}

function zeroPoint(c: LoweringContext, x: Node): Node | undefined {
  const given = c.constant(2);
  // Most often it is zero: then nothing is added.
  return !given ||
    Array.from(given.data as ArrayLike<number | bigint>, Number).every((z) => z === 0)
    ? undefined
    : along(c, c.real(2), x);
}

/** saturate(round(x / scale) + zero point), halves rounded to even. */
function quantize(c: LoweringContext): Node {
  const { b } = c;
  const [x, zero] = [c.operand(0), zeroPoint(c, c.operand(0))];
  const type = c.constant(2)?.type ?? 'uint8';
  const [min, max] = limits[type] ?? [];
  if (
    min === undefined ||
    max === undefined ||
    (!c.optional(2) && c.int('output_dtype', 2) !== 2)
  ) {
    throw c.unsupported(`values can be quantised to uint8 and int8 only, not to ${type}`);
  }
  const steps = b.push('round', [b.div(x, along(c, c.real(1), x))], {});
  return b.push('clip', [zero ? b.add(steps, zero) : steps], { min, max });
}

/** (x − zero point)·scale. */
function dequantize(c: LoweringContext): Node {
  const { b } = c;
  const x = c.operand(0);
  const scale = along(c, c.real(1), x);
  if (x.op === 'constant') return dequantizedWeights(c, x.attributes.tensor);
  const zero = zeroPoint(c, x);
  return b.mul(zero ? b.sub(x, zero) : x, scale);
}

/** The numbers that the file computes; those of 8-bit weights to the last bit. */
function dequantizedWeights(c: LoweringContext, { data, shape }: Tensor): Node {
  const [scales, zeros] = [c.numbers(1) ?? [], c.numbers(2) ?? [0]];
  const axis = scales.length > 1 ? c.axis(c.int('axis', 1), shape.length) : 0;
  const inner = sizeOf(shape.slice(axis + 1));
  const at = (list: readonly number[], i: number): number =>
    list[list.length === 1 ? 0 : Math.floor(i / inner) % list.length] ?? 0;
  const whole = Array.from(data as ArrayLike<number | bigint>, Number);
  return c.b.constant(
    floats(
      whole.map((value, i) => (value - at(zeros, i)) * at(scales, i)),
      shape,
    ),
  );
}

export const quantisation: Readonly<Record<string, Lowering>> = {
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
};

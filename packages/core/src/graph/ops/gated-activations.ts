/** x times a gate between 0 and 1 that opens with x: falls to one least value, then rises. */
import type { Builder } from '../builder.ts';
import type { Node } from '../graph.ts';
import { valleyLines } from './bent-lines.ts';
import type { OpDefinition } from './definition.ts';
import { elementwise, type EvaluationError, valley } from './elementwise.ts';
import type { Emitter } from './emitter.ts';
import { floats } from '../../tensor/tensor.ts';

declare module '../graph.ts' {
  interface OpAttributes {
    /** x·½(1 + erf(x/√2)) (Hendrycks and Gimpel 2016). */
    gelu: object;
    /** Its approximation x·½(1 + tanh(√(2/π)(x + 0.044715x³))). */
    geluTanh: object;
    /** x·tanh(ln(1 + eˣ)) (Misra 2019). */
    mish: object;
  }
}

type Gated = 'gelu' | 'geluTanh' | 'mish';

/** Where the gate is nearly closed, 1 + erf and 1 + tanh cancel: an error of |x|·2⁻²², |x| < 6. */
const error: EvaluationError = { relative: 2 ** -19, absolute: 2 ** -18 };

/** A gate's error e comes times x and a factor of the gate's slope, until 1 − tanh² vanishes. */
const derivativeError: EvaluationError = { relative: 2 ** -18, absolute: 2 ** -15 };

const CUBIC = 0.044715;
const ROOT = Math.sqrt(2 / Math.PI);

const number = (e: Emitter, value: number): string => e.constant(floats([value], []));

/** x·½(1 + gate), as ONNX nodes in the order that runtimes recognise. */
function halved(e: Emitter, x: string, gate: string): string {
  const opened = e.node('Add', [gate, number(e, 1)]);
  return e.node('Mul', [e.node('Mul', [x, opened]), number(e, 0.5)]);
}

function softplusTanh(b: Builder, x: Node): Node {
  return b.push('tanh', [b.push('softplus', [x], {})], {});
}

export const gatedActivations: { readonly [K in Gated]: OpDefinition<K> } = {
  gelu: elementwise<'gelu'>({
    steepest: 1.128904145186,
    onnx: (e, x) => halved(e, x, e.node('Erf', [e.node('Div', [x, number(e, Math.SQRT2)])])),
    // Φ(x) + x·φ(x) with the normal distribution Φ and its density φ.
    derivative: (b, x) => {
      const distribution = b.mul(b.add(b.push('erf', [b.mul(x, Math.SQRT1_2)], {}), 1), 0.5);
      const density = b.mul(b.exp(b.mul(b.mul(x, x), -0.5)), ROOT / 2);
      return b.add(distribution, b.mul(x, density));
    },
    error,
    derivativeError,
    lines: (curve) => valleyLines(curve, [-Math.SQRT2, Math.SQRT2]),
    ends: valley(-0.7517915187, -0.16997120747990374),
  }),
  geluTanh: elementwise<'geluTanh'>({
    steepest: 1.128993065869,
    onnx: (e, x) => {
      const cubed = e.node('Mul', [e.node('Mul', [x, x]), x]);
      const bent = e.node('Add', [x, e.node('Mul', [cubed, number(e, CUBIC)])]);
      return halved(e, x, e.node('Tanh', [e.node('Mul', [bent, number(e, ROOT)])]));
    },
    derivative: (b, x) => {
      const square = b.mul(x, x);
      const inner = b.mul(b.mul(x, b.add(b.mul(square, CUBIC), 1)), ROOT);
      const t = b.push('tanh', [inner], {});
      const slope = b.mul(b.add(b.mul(square, 3 * CUBIC), 1), ROOT);
      const bend = b.mul(b.mul(x, b.sub(1, b.mul(t, t))), slope);
      return b.mul(b.add(b.add(t, 1), bend), 0.5);
    },
    error,
    derivativeError,
    lines: (curve) => valleyLines(curve, [-1.41850400879, 1.41850400879]),
    ends: valley(-0.7524614122, -0.17004075057125403),
  }),
  mish: elementwise<'mish'>({
    steepest: 1.088498161253,
    onnx: (e, x) => e.node('Mul', [x, e.node('Tanh', [e.node('Softplus', [x])])]),
    derivative: (b, x) => {
      const t = softplusTanh(b, x);
      const gate = b.push('sigmoid', [x], {});
      return b.add(t, b.mul(b.mul(x, gate), b.sub(1, b.mul(t, t))));
    },
    error,
    derivativeError,
    lines: (curve) => valleyLines(curve, [-2.25637639636, 1.49057117949]),
    ends: valley(-1.1924312218, -0.30884341301725043),
  }),
};

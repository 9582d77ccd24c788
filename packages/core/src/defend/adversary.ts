/**
 * The inner maximisation: projected steepest ascent from a random point of the threat's set, over
 * parameters that are values of the program.
 */
import { losses } from '../attacks/losses.ts';
import type { Builder } from '../graph/builder.ts';
import type { Node } from '../graph/graph.ts';
import { type BallNodes, project, step } from '../threats/set-graph.ts';
import type { Threat } from '../threats/threat.ts';
import { gradientWith } from '../transforms/gradient.ts';
import type { Adversary, MethodContext } from './method.ts';

/** Wider than any valid box. */
const UNBOUNDED = 3e38;

/**
 * The set of radius `eps` (a scalar) around rows x. Nothing is rounded here: what is trained on is no
 * proof and no finding.
 */
export function ballOver(b: Builder, threat: Threat, x: Node, eps: Node): BallNodes {
  const size = x.shape.slice(1).map(Number);
  const count = size.reduce((product, dim) => product * dim, 1);
  const weights = Float32Array.from({ length: count }, (_, i) =>
    threat.fixed.has(i) ? 0 : threat.norm.counts ? UNBOUNDED : (threat.weights?.[i] ?? 1),
  );
  const isPlain = weights.every((weight) => weight === 1);
  const length = threat.norm.counts ? b.scalar(1) : eps;
  const reach = isPlain ? length : b.mul(length, b.floats(weights, [1, ...size]));
  const [low, high] = threat.clip ?? [];
  const below = b.sub(x, reach);
  const above = b.add(x, reach);
  return {
    centre: x,
    // Rows outside the valid box stay where they are.
    lower: low === undefined ? below : b.min(x, b.max(below, low)),
    upper: high === undefined ? above : b.max(x, b.min(above, high)),
    radius: b.expand(b.reshape(eps, [1]), x.shape.slice(0, 1)),
  };
}

export type ClimbedLoss = (context: MethodContext, logits: Node) => Node;

/** Climbs until the answer is wrong: by the log odds, which never saturate. */
export const error: ClimbedLoss = ({ b, answers }, logits) =>
  losses['cross-entropy'](b, { logits, label: answers });

/** Projected steepest ascent from a random point of the set of radius `eps`, a knob. */
export function climb(
  loss: ClimbedLoss,
  { steps, stride }: Pick<Adversary, 'steps' | 'stride'>,
): Adversary {
  return {
    steps,
    validatedSteps: VALIDATED_STEPS,
    noise: 'uniform',
    start: ({ b, threat, x, knob }, noise) => {
      const ball = ballOver(b, threat, x, knob('eps'));
      return project(b, threat, ball, b.add(x, b.mul(noise, knob('eps'))));
    },
    step: (context, point, strideNode) => {
      const { b, threat, x, network, knob } = context;
      const ball = ballOver(b, threat, x, knob('eps'));
      const [gradient = x] = gradientWith(b, loss(context, network.logits(point)), [point]);
      const length = b.expand(b.reshape(strideNode, [1]), x.shape.slice(0, 1));
      return step(b, threat, ball, point, gradient, length);
    },
    stride,
  };
}

const VALIDATED_STEPS = 20;
/** Of all steps together, in radii. */
const REACH = 2.5;

/** Steps that together reach across the set. */
export const across = (steps: number): number => REACH / steps;

/** An adversary's programs, run: a batch's inputs moved, as the parameters are now. */
import { Builder } from '../graph/builder.ts';
import type { Graph } from '../graph/graph.ts';
import type { Runtime, Session } from '../runtime/runtime.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Adversary } from './method.ts';
import { scalar } from './network.ts';
import { compiled, type Feeds, runOn } from './program.ts';
import { methodContext, type StepOptions } from './step.ts';

export type MoverOptions = Pick<StepOptions, 'network' | 'threat' | 'soft'>;

/** x, answers, `noise`, parameters, knobs → `point`. */
export function startGraph(adversary: Adversary, options: MoverOptions): Graph {
  const b = new Builder();
  const context = methodContext(b, options);
  const noise = b.input('noise', context.x.shape);
  return b.graph({ point: adversary.start(context, noise) });
}

/** x, answers, `point`, `stride`, parameters, knobs → `point`'s next. */
function strideGraph(step: NonNullable<Adversary['step']>, options: MoverOptions): Graph {
  const b = new Builder();
  const context = methodContext(b, options);
  const point = b.input('point', context.x.shape);
  return b.graph({ next: step(context, point, b.input('stride', [])) });
}

export class Mover {
  private readonly adversary: Adversary;
  private readonly first: Session;
  private readonly stride: Session | undefined;

  private constructor(adversary: Adversary, first: Session, stride: Session | undefined) {
    this.adversary = adversary;
    this.first = first;
    this.stride = stride;
  }

  static async open(adversary: Adversary, options: MoverOptions, runtime: Runtime): Promise<Mover> {
    const first = await compiled(runtime, startGraph(adversary, options));
    const { step } = adversary;
    const stride = step && (await compiled(runtime, strideGraph(step, options)));
    return new Mover(adversary, first, stride);
  }

  /** The last place of so many steps from where `noise` puts the inputs. */
  async move(feeds: Feeds, noise: Tensor, steps: number): Promise<Tensor> {
    let { point } = await runOn(this.first, { ...feeds, noise });
    const stride = scalar(this.adversary.stride(steps));
    for (let i = 0; this.stride && point && i < steps; i++) {
      point = (await runOn(this.stride, { ...feeds, point, stride }))['next'];
    }
    if (!point) throw new RangeError('the adversary gave no point');
    return point;
  }

  async release(): Promise<void> {
    await this.first.release();
    await this.stride?.release();
  }
}

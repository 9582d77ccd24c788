/** The commands: what each is for and examples that can be pasted. */
import type { CommandName } from './options.ts';

export interface CommandSpec {
  readonly usage: string;
  readonly summary: string;
  readonly description: string;
  readonly examples: readonly (readonly [command: string, meaning: string])[];
}

export const commandTable: Readonly<Record<CommandName, CommandSpec>> = {
  audit: {
    usage: 'glacis audit MODEL --data PATH --eps E [options]',
    summary: 'find out how far a model can be trusted',
    description:
      'Brackets the robustness margin of every input from both sides: the smallest perturbation found that changes the answer, and the largest radius proven safe. Prints a summary; with --out writes a run folder with a report.',
    examples: [
      ['glacis audit --example digits', 'the embedded digit classifier'],
      ['glacis audit model.onnx --data test.npz --eps 8/255 --out run', 'images, ℓ∞'],
      ['glacis audit model.onnx --data test.npz --norm l2 --eps 0.25,0.5,1 --json', 'a curve'],
      ['glacis audit tab.onnx --data test.csv --eps 0.2 --weights std --freeze age,sex', 'a table'],
      ['glacis audit --resume run', 'go on after Ctrl-C'],
    ],
  },
  attack: {
    usage: 'glacis attack MODEL --data PATH --eps E [--method M] [options]',
    summary: 'the attack side alone, or a re-check of given adversarial examples',
    description:
      'Looks for perturbations of at most ε that change the answer. What is reported as broken was predicted again by the original file on the stored input, its distance computed in float64; where a score of that answer is not finite, the input is broken by the method non-finite, whichever attack came upon it.',
    examples: [
      ['glacis attack model.onnx --data test.npz --eps 8/255 --method fast', 'a first look'],
      ['glacis attack model.onnx --data test.npz --eps 0.1 --out run', 'keep adversarial.npz'],
      [
        'glacis attack model.onnx --data test.npz --eps 0.1 --method replay --examples adv.npz',
        "check somebody else's",
      ],
    ],
  },
  diagnose: {
    usage: 'glacis diagnose MODEL --data PATH --eps E [--surrogate FILE] [options]',
    summary: 'tell robustness from masked gradients',
    description:
      'Runs the attacks at ε and measures the indicators of gradient masking of the literature, each with its evidence: whether attacks that know less do better (score-based and random search, gradients of a surrogate that is distilled from the model or given), whether the gradient is there, agrees with differences and leads uphill. Says none, suspected or confirmed, and the robust accuracy that can be believed at most. An indicator fires by a bound at 95 %. One that is a proof confirms: gradient-free-beats-gradient, transfer-beats-white-box, adapted-beats-plain, one-step-beats-iterative, random-search-beats-gradient. A sign may have other causes, one or two of them are a suspicion, three that are not all of one cause confirm, and where plain gradients broke every input none counts: unbounded-attack-fails, curve-not-monotone, budget-not-converged, zero-gradient, loss-saturates, slopes-disagree, noisy-loss, loss-not-increasing, stepped-response, random-output. Remarks say nothing of masking: attack-inside-proven-radius (a bug in Glacis), hard-output, constant-output, bound-gap.',
    examples: [
      [
        'glacis diagnose model.onnx --data test.npz --first 100 --eps 8/255',
        'with a surrogate of its own',
      ],
      [
        'glacis diagnose model.onnx --data test.npz --eps 0.1 --surrogate plain.onnx --out run',
        'with the model that the defence was built around, and a report',
      ],
    ],
  },
  certify: {
    usage: 'glacis certify MODEL --data PATH (--eps E | --radius) [--method M] [options]',
    summary: 'the proof side alone: what no perturbation can change',
    description:
      'Proves that no perturbation of at most ε changes the answer, or finds the largest radius within which none does. Cheaper bounds go first; each input keeps the best.',
    examples: [
      ['glacis certify model.onnx --data test.npz --eps 2/255', 'verdicts at ε'],
      [
        'glacis certify model.onnx --data test.npz --radius --method alpha-crown --json',
        'the largest proven radius of every input',
      ],
    ],
  },
  bounds: {
    usage:
      'glacis bounds MODEL (PROPERTY.vnnlib | --data PATH --index I --eps E) [--method M] [options]',
    summary: 'what a model can put out over a set of inputs',
    description:
      'Lower and upper ends of every output (and with --layers of every layer) over the inputs of a property or a ball around one input. Regression models too.',
    examples: [
      ['glacis bounds model.onnx --data test.npz --index 3 --eps 0.02', 'around input 3'],
      ['glacis bounds model.onnx property.vnnlib --method alpha-crown', "a property's inputs"],
      [
        'glacis bounds model.onnx --data test.npz --index 3 --eps 0.02 --method interval --layers',
        'how loose intervals become, layer by layer',
      ],
    ],
  },
  verify: {
    usage:
      'glacis verify MODEL PROPERTY.vnnlib [options] · glacis verify QUERY.vnnlib --network [NAME=]MODEL …',
    summary: 'decide a VNN-LIB query: a witness, or a proof that there is none',
    description:
      'Prints sat with an assignment that the original files confirm, unsat when every case is proven impossible, unknown, or timed-out, as the VNN-LIB standard asks.',
    examples: [
      ['glacis verify model.onnx property.vnnlib --timeout 60', 'VNN-LIB 1.0, one network'],
      ['glacis verify query.vnnlib --network f=f.onnx --network g=g.onnx', 'VNN-LIB 2.0'],
      ['glacis verify model.onnx property.vnnlib --json', 'the verdict as one document'],
    ],
  },
  supports: {
    usage: 'glacis supports --CAPABILITY',
    summary: 'what verify takes, as the VNN-LIB standard has solvers report it',
    description:
      'Prints what is supported, one answer on a line; with --json one document of all that is asked, or of everything. Answers are read off the code: operators from the table of operators, theories by posing a query of each.',
    examples: [
      ['glacis supports --onnx-operators', 'ONNX operators that proofs can be about'],
      ['glacis supports --json', 'everything at once'],
    ],
  },
  bench: {
    usage: 'glacis bench DIR [--out FILE.csv] [--timeout SECONDS] [options]',
    summary: 'verify all instances of a folder in the layout of VNN-COMP',
    description:
      'Runs verify on every line of DIR/instances.csv (networks, query, seconds; an optional column expected), each in a process of its own, and counts what was decided.',
    examples: [
      ['glacis bench acasxu --out acasxu.csv', 'stop with Ctrl-C and go on with the same words'],
      ['glacis bench acasxu --first 10 --timeout 20', 'a first look'],
    ],
  },
  harden: {
    usage: 'glacis harden MODEL --data TRAIN --eps E --out NEW.onnx [--method M] [options]',
    summary: 'train a model to be robust, and measure what that bought',
    description:
      'Trains the weights of a classifier against perturbations of at most ε and writes an ONNX file that differs from the old one in its weights alone. The most robust epoch on data held out is kept; at the end both models are audited on such data with the same attacks and proofs.',
    examples: [
      [
        'glacis harden model.onnx --data train.npz --eps 8/255 --out robust.onnx',
        'adversarial training',
      ],
      [
        'glacis harden model.onnx --data train.csv --eps 0.1 --method ibp --init --epochs 60 --out proven.onnx',
        'from fresh weights, for margins that can be proven',
      ],
      [
        'glacis harden model.onnx --data train.npz --norm l2 --eps 0.5 --test test.npz --audited 200 --out robust.onnx',
        'audited on other data',
      ],
    ],
  },
  inspect: {
    usage: 'glacis inspect MODEL [--check] [--emit KIND --out FILE] [options]',
    summary: 'layers, shapes, parameters and support of an ONNX file',
    description:
      'Lists what the file consists of and whether Glacis can read it; checks the reading against ONNX Runtime; writes derived graphs, such as the gradient of the margin, as ONNX files.',
    examples: [
      ['glacis inspect model.onnx', 'layers, shapes, support'],
      ['glacis inspect model.onnx --check', 'compare with the original file'],
      [
        'glacis inspect model.onnx --emit gradient --out gradient.onnx',
        'the input gradient as a model',
      ],
      [
        'glacis inspect model.onnx --emit bounds --norm l2 --out bounds.onnx',
        'a proven lower bound of the margin over balls: centre, lower, upper, radius, labels in; marginLower, finite out',
      ],
    ],
  },
};

export const commandNames = Object.keys(commandTable) as CommandName[];
